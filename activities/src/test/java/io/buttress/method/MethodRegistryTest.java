package io.buttress.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.model.EncoderConfig;
import io.buttress.model.EncoderConfigBuilder;
import io.buttress.model.Family;
import io.buttress.model.InvalidModelException;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MethodRegistryTest {
  private static final EncoderConfig ENCODER =
      EncoderConfigBuilder.builder()
          .family(Family.BERT)
          .vocabulary(10)
          .embeddingSize(4)
          .hiddenSize(4)
          .layers(2)
          .heads(2)
          .intermediateSize(8)
          .positions(16)
          .types(2)
          .activation("gelu")
          .build();

  @Test
  void everyMethodThatAStudyMayNameIsThereAndNoOther() {
    assertThat(MethodRegistry.ids())
        .containsExactlyInAnyOrderElementsOf(
            MethodCatalog.entries().stream().map(MethodCatalog.Entry::id).toList());
  }

  @Test
  void anUnknownMethodIsNamedWithTheKnownOnes() {
    MethodContext context =
        new MethodContext(new Method("magic", new TreeMap<>()), null, null, 1, null, null, null);
    assertThatThrownBy(() -> MethodRegistry.create(context))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("unknown method magic; known: bitfit, da, ");
  }

  @Test
  void aSettingThatTheEncoderCannotServeIsRefusedWithEachOfItsProblems() throws Exception {
    Method setting =
        new Method(
            "repina-mlp",
            new TreeMap<>(Map.of("layers", List.of(-1, 3), "depth", 2, "phiInit", "identity")));
    assertThatThrownBy(() -> MethodRegistry.requireFits(setting, "file:/m", ENCODER))
        .isInstanceOf(InvalidModelException.class)
        .hasMessage(
            "repina-mlp.layers: file:/m: layer 3: the model has hidden states 0 to 2 (-1 is the last)\n"
                + "repina-mlp.width: phiInit identity needs at least twice file:/m's hidden size 4");
    setting.parameters().putAll(Map.of("layers", List.of(-3, 2), "width", 8));
    MethodRegistry.requireFits(setting, "file:/m", ENCODER);
  }

  @Test
  void noMoreLayersThanTheEncoderHasCanBeFrozenOrStartAnew() throws Exception {
    for (String id : List.of("freeze", "reinit")) {
      Method all = new Method(id, new TreeMap<>(Map.of("n", 2)));
      MethodRegistry.requireFits(all, "file:/m", ENCODER);
      Method more = new Method(id, new TreeMap<>(Map.of("n", 3)));
      assertThatThrownBy(() -> MethodRegistry.requireFits(more, "file:/m", ENCODER))
          .hasMessage(id + ".n: file:/m has 2 layers");
    }
  }
}
