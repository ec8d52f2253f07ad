package io.buttress.activity;

import io.buttress.study.ProbeRequest;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** Probes what fine-tuned encoders are compared with, once. */
@ActivityInterface
public interface ProbePretrained {

  /** Stores what probes of the pre-trained and of a random encoder reach. */
  @ActivityMethod
  void probePretrained(ProbeRequest request);
}
