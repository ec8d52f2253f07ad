package io.buttress.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RegularizersTest {

  @Test
  void everyMethodThatAStudyMayNameIsThereAndNoOther() {
    assertThat(Regularizers.ids())
        .containsExactlyInAnyOrderElementsOf(
            MethodCatalog.entries().stream().map(MethodCatalog.Entry::id).toList());
  }

  @Test
  void anUnknownMethodIsNamedWithTheKnownOnes() {
    Context context =
        new Context(new Method("magic", new TreeMap<>()), null, null, 1, null, null, null);
    assertThatThrownBy(() -> Regularizers.create(context))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("unknown method magic; known: bitfit, da, ");
  }
}
