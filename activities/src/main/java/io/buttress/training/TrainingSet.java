package io.buttress.training;

import io.buttress.dataset.FewShot;
import io.buttress.dataset.InvalidDataException;
import io.buttress.dataset.LabelNoise;
import io.buttress.dataset.SelectionSplit;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.model.Split;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Trial;
import java.util.Arrays;

/**
 * The training set of a trial's task under its regime: what the trial learns from, and what is set
 * apart.
 *
 * @param learned the examples to train on
 * @param learnedRows their row numbers in the task's training set; null: all, in order
 * @param heldOut the examples set apart, with labels as wrong as those of the others; null: none
 * @param heldOutRows their row numbers in the task's training set; null: none
 * @param noise labels of the whole training set, with those that the regime made wrong; null: none
 */
record TrainingSet(
    Split learned, int[] learnedRows, Split heldOut, int[] heldOutRows, LabelNoise noise) {
  /**
   * @throws InvalidDataException when the task has not enough examples for it
   */
  static TrainingSet of(Trial trial, TokenizedDataset dataset) {
    Split all = dataset.splits().get(ResolvedTask.TRAIN);
    Regime regime = trial.regime();
    LabelNoise noise = regime.fraction() == null ? null : noise(trial, dataset, all);
    Split train = noise == null ? all : all.withTargets(noise.targets());
    int[] rows = regime.examples() == null ? null : fewShot(trial, dataset, all);
    if (rows != null) {
      train = train.rows(rows);
    }
    if (trial.selection() == null) {
      return new TrainingSet(train, rows, null, null, noise);
    }
    if (train.size() < 2) {
      throw invalid(trial, "has too few examples to set a part of them apart for selection");
    }
    SelectionSplit split =
        SelectionSplit.of(train.targets(), dataset.kind(), trial.selection(), trial.seed());
    return new TrainingSet(
        train.rows(split.remaining()),
        of(rows, split.remaining()),
        train.rows(split.heldOut()),
        of(rows, split.heldOut()),
        noise);
  }

  private static LabelNoise noise(Trial trial, TokenizedDataset dataset, Split all) {
    if (dataset.labels().size() < 2) {
      throw invalid(trial, "has one label: " + trial.regime().id() + " has no other to give");
    }
    return LabelNoise.of(
        all.targets(), dataset.labels().size(), trial.regime().fraction(), trial.seed());
  }

  private static int[] fewShot(Trial trial, TokenizedDataset dataset, Split all) {
    int size = trial.regime().examples();
    if (size > all.size()) {
      throw invalid(trial, "has " + all.size() + " examples, too few for " + trial.regime().id());
    }
    return FewShot.rows(all.targets(), dataset.kind(), size, trial.seed());
  }

  private static int[] of(int[] rows, int[] indices) {
    return rows == null ? indices : Arrays.stream(indices).map(i -> rows[i]).toArray();
  }

  private static InvalidDataException invalid(Trial trial, String problem) {
    return new InvalidDataException(
        trial.dataset().task().splits().get(ResolvedTask.TRAIN).uri(), 0, problem);
  }

  /** Rows of the task's training set that the trial learns with a wrong label; null without any. */
  int[] learnedFlips() {
    if (noise == null) {
      return null;
    }
    return learnedRows == null
        ? noise.flipped()
        : Arrays.stream(learnedRows)
            .filter(row -> Arrays.binarySearch(noise.flipped(), row) >= 0)
            .toArray();
  }
}
