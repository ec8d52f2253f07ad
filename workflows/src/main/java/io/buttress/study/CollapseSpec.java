package io.buttress.study;

import java.util.List;

/**
 * How representation collapse is measured.
 *
 * @param topK the k of gm_k and hm_k
 * @param layer index into the hidden states: 0 = embeddings, -1 = last
 * @param pooling {@code cls} or {@code mean}
 */
public record CollapseSpec(List<Integer> topK, int layer, String pooling) {
  public static final CollapseSpec DEFAULT =
      new CollapseSpec(List.of(5, 10, 20, 50, 100), -1, "cls");
}
