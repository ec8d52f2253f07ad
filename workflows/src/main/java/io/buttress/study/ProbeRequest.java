package io.buttress.study;

/**
 * A linear probe: how much of another task an encoder's frozen representations tell.
 *
 * @param dataset the other task, tokenized for the encoder
 * @param layer index into the hidden states: 0 = embeddings, -1 = last
 * @param pooling {@code cls} or {@code mean}
 */
public record ProbeRequest(DatasetRequest dataset, int layer, String pooling) {
  /** What the keys of collapse metrics that are results of probes begin with. */
  public static final String PREFIX = "probes.";

  /** The key of its result among the collapse metrics. */
  public String key() {
    return PREFIX + dataset.task().spec().id();
  }
}
