package io.buttress.training;

import io.buttress.data.InvalidDataException;
import io.buttress.data.SelectionSplit;
import io.buttress.data.TokenizedDataset;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.study.Trial;

/**
 * The training set of a trial's task: what the trial learns from, and what is set apart.
 *
 * @param learned the examples to train on
 * @param learnedRows their row numbers in the task's training set; null: all, in order
 * @param heldOut the examples set apart; null: none
 * @param heldOutRows their row numbers in the task's training set; null: none
 */
record TrainingSet(Split learned, int[] learnedRows, Split heldOut, int[] heldOutRows) {
  private static final String TRAIN = "train";

  /**
   * @throws InvalidDataException when there is not enough to set a part apart
   */
  static TrainingSet of(Trial trial, TokenizedDataset dataset) {
    Split train = dataset.splits().get(TRAIN);
    if (trial.selection() == null) {
      return new TrainingSet(train, null, null, null);
    }
    if (train.size() < 2) {
      throw new InvalidDataException(
          trial.dataset().task().splits().get(TRAIN).uri(),
          0,
          "has too few examples to set a part of them apart for selection");
    }
    SelectionSplit split =
        SelectionSplit.of(train.targets(), dataset.kind(), trial.selection(), trial.seed());
    return new TrainingSet(
        train.rows(split.remaining()),
        split.remaining(),
        train.rows(split.heldOut()),
        split.heldOut());
  }
}
