package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a task predicts. */
public enum TaskKind {
  /** One of a fixed set of labels; cross-entropy loss. */
  @JsonProperty("classification")
  CLASSIFICATION,
  /** A real number; mean squared error loss. */
  @JsonProperty("regression")
  REGRESSION
}
