package io.buttress.training;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/**
 * DJL wraps a Java number in memory that it frees at once; on the autograd tape the backward pass
 * then reads whatever is there by that time.
 */
class AutogradSafetyTest {
  private static final ArchRule NO_NUMBERS =
      noClasses()
          .should()
          .callMethodWhere(
              new DescribedPredicate<JavaMethodCall>("an NDArray operation takes a Number") {
                @Override
                public boolean test(JavaMethodCall call) {
                  return call.getTargetOwner().isAssignableTo(NDArray.class)
                      && call.getTarget().getRawParameterTypes().stream()
                          .anyMatch(type -> type.isEquivalentTo(Number.class));
                }
              })
          .because("gradients would be garbage after a garbage collection");

  @Test
  void noJavaNumbersInArrayArithmetic() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.buttress.model", "io.buttress.regularizer", "io.buttress.training");
    NO_NUMBERS.check(classes);
  }

  @Test
  void theRuleSeesSuchACall() {
    JavaClasses classes = new ClassFileImporter().importClasses(Unsafe.class);
    assertThatThrownBy(() -> NO_NUMBERS.check(classes)).hasMessageContaining("halved");
  }

  private static final class Unsafe {
    NDArray halved(NDArray x) {
      return x.mul(0.5f);
    }
  }
}
