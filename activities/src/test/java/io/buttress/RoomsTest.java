package io.buttress;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A package a step, each knowing only those that it builds on. */
final class RoomsTest {
  /** More than this, and a room is to be parted. */
  private static final int MOST_FILES = 36;

  private static final Set<String> ROOMS =
      Set.of(
          "access",
          "collapse",
          "dataset",
          "encoding",
          "evaluation",
          "failure",
          "method",
          "model",
          "plan",
          "report",
          "result",
          "source",
          "statistics",
          "storage",
          "tracking",
          "training");

  private static final Set<String> CONTRACTS = Set.of("study", "activity", "workflow");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.buttress");

  @Test
  void noTwoRoomsNeedEachOther() {
    slices().matching("io.buttress.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void everyRoomIsNamedHere() {
    Set<String> expected = new TreeSet<>(ROOMS);
    expected.addAll(CONTRACTS);

    assertThat(files().keySet()).isEqualTo(expected);
  }

  @Test
  void noRoomIsCrowded() {
    Map<String, Long> files = files();
    files.keySet().removeAll(CONTRACTS);

    assertThat(files)
        .allSatisfy((room, count) -> assertThat(count).isLessThanOrEqualTo(MOST_FILES));
  }

  /** Source files of every package; builders of records are generated. */
  private static Map<String, Long> files() {
    return CLASSES.stream()
        .filter(type -> !type.isNestedClass() && !type.isAnonymousClass())
        .filter(type -> !type.getSimpleName().endsWith("Builder"))
        .map(JavaClass::getPackageName)
        .collect(
            Collectors.groupingBy(
                name -> name.substring("io.buttress.".length()), Collectors.counting()));
  }
}
