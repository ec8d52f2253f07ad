package io.buttress;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.buttress", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule NAMES_NO_LIBRARY_BUT_TEMPORAL_AND_JACKSON =
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
              "io.buttress.workflow");

  @ArchTest
  static final ArchRule STUDY_KNOWS_NO_WORKFLOW_ENGINE =
      noClasses()
          .that()
          .resideInAPackage("io.buttress.study")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.temporal..", "io.buttress.activity", "io.buttress.workflow");

  @ArchTest
  static final ArchRule ACTIVITIES_KNOW_NO_WORKFLOW =
      noClasses()
          .that()
          .resideInAPackage("io.buttress.activity")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.buttress.workflow");

  @ArchTest
  static final ArchRule WORKFLOWS_DO_NO_IO =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.nio.file..", "java.net.http..", "java.sql..");

  @ArchTest
  static final ArchRule NO_VAGUE_NAMES =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameContaining("Util");
}
