package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a trial ended. */
public enum TrialStatus {
  @JsonProperty("done")
  DONE,
  /** The loss became NaN or infinite: a result, kept. */
  @JsonProperty("diverged")
  DIVERGED,
  /** It could not be run to its end; an equal study tries again. */
  @JsonProperty("error")
  ERROR,
  @JsonProperty("cancelled")
  CANCELLED
}
