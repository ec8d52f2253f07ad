package io.buttress.activity;

import io.buttress.study.DatasetRequest;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** Reads a task's files and stores them tokenized. */
@ActivityInterface
public interface PrepareDataset {

  /**
   * Stores the tokenized dataset, once for equal requests.
   *
   * @throws io.temporal.failure.ApplicationFailure {@link Failures#INVALID_DATA}, naming file and
   *     line
   */
  @ActivityMethod
  void prepareDataset(DatasetRequest request);
}
