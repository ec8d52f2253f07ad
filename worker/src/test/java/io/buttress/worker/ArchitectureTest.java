package io.buttress.worker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Dependencies point one way: worker, activities, workflows. */
final class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.buttress");

  private static final String[] CONTRACTS = {
    "io.buttress.study..", "io.buttress.activity..", "io.buttress.workflow.."
  };

  @Test
  void everyModuleIsHere() {
    for (String name :
        new String[] {
          "io.buttress.study.StudySpec", "io.buttress.training.Trainer", "io.buttress.worker.Queue"
        }) {
      assertThat(CLASSES.contain(name)).as(name).isTrue();
    }
  }

  @Test
  void contractsKnowNoImplementation() {
    noClasses()
        .that()
        .resideInAnyPackage(CONTRACTS)
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.buttress..").and(resideOutsideOfPackages(CONTRACTS)))
        .check(CLASSES);
  }

  @Test
  void nothingKnowsTheWorker() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.buttress.worker..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.buttress.worker..")
        .check(CLASSES);
  }

  @Test
  void namesSayWhatThingsAre() {
    noClasses()
        .should()
        .haveSimpleNameEndingWith("Manager")
        .orShould()
        .haveSimpleNameEndingWith("Helper")
        .orShould()
        .haveSimpleNameContaining("Util")
        .check(CLASSES);
  }
}
