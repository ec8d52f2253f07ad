package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * How representation collapse is measured.
 *
 * @param topK the k of gm_k and hm_k
 * @param layer index into the hidden states: 0 = embeddings, -1 = last
 * @param pooling {@code cls} or {@code mean}
 * @param trajectory at how many moments of training, evenly spaced, beside its beginning; 0: none
 */
public record CollapseSpec(
    List<Integer> topK,
    int layer,
    String pooling,
    @JsonInclude(JsonInclude.Include.NON_DEFAULT) int trajectory) {
  public static final Range TRAJECTORY = Range.closed(0, 100);

  public static final CollapseSpec DEFAULT =
      new CollapseSpec(List.of(5, 10, 20, 50, 100), -1, "cls", 0);
}
