package io.buttress.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;

/** Dependencies point one way: worker, activities, workflows. */
@AnalyzeClasses(packages = "io.buttress", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String[] WORKFLOWS = {
    "io.buttress.study..", "io.buttress.activity..", "io.buttress.workflow.."
  };
  private static final String[] ACTIVITIES = {
    "io.buttress.data..",
    "io.buttress.model..",
    "io.buttress.regularizer..",
    "io.buttress.training..",
    "io.buttress.evaluation..",
    "io.buttress.collapse..",
    "io.buttress.storage..",
    "io.buttress.tracking..",
    "io.buttress.report.."
  };

  @ArchTest
  static final ArchRule CONTRACTS_KNOW_NO_IMPLEMENTATION =
      noClasses()
          .that()
          .resideInAnyPackage(WORKFLOWS)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ACTIVITIES);

  @ArchTest
  static final ArchRule NOTHING_KNOWS_THE_WORKER =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.buttress.worker..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.buttress.worker..");

  @ArchTest
  static final ArchRule CONTRACTS_KNOW_NO_ML_AND_NO_STORAGE =
      noClasses()
          .that()
          .resideInAnyPackage(WORKFLOWS)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..", "org.mlflow..", "io.minio..", "java.net.http..");

  @ArchTest
  static final ArchRule CONTRACTS_HAVE_NO_CYCLES =
      SlicesRuleDefinition.slices()
          .matching("io.buttress.(study|activity|workflow)..")
          .should()
          .beFreeOfCycles();

  @ArchTest
  static final ArchRule NAMES_SAY_WHAT_THINGS_ARE =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameContaining("Util");
}
