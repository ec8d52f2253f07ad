package io.buttress;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Plain tests, because {@code @ArchTest} fields are found in this build and never run. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.buttress");

  @Test
  void namesNoLibraryButTemporalAndJackson() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "io.temporal..",
            "com.google.protobuf..", // the bytes of a Temporal payload
            "org.slf4j..", // Temporal's logging
            "com.fasterxml.jackson..",
            "io.buttress.study",
            "io.buttress.activity",
            "io.buttress.workflow")
        .check(CLASSES);
  }

  @Test
  void studyKnowsNoWorkflowEngine() {
    noClasses()
        .that()
        .resideInAPackage("io.buttress.study")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.temporal..", "io.buttress.activity", "io.buttress.workflow")
        .check(CLASSES);
  }

  @Test
  void activitiesKnowNoWorkflow() {
    noClasses()
        .that()
        .resideInAPackage("io.buttress.activity")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.buttress.workflow")
        .check(CLASSES);
  }

  @Test
  void workflowsDoNoIo() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.nio.file..", "java.net.http..", "java.sql..")
        .check(CLASSES);
  }

  @Test
  void noVagueNames() {
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
