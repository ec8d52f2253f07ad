package io.buttress.activity;

import io.buttress.study.SnapshotRequest;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** Computes the pre-trained encoder's representations of a dataset split, once. */
@ActivityInterface
public interface SnapshotRepresentations {

  /** Returns the key of an artifact with {@code representations.safetensors}. */
  @ActivityMethod
  String snapshotRepresentations(SnapshotRequest request);
}
