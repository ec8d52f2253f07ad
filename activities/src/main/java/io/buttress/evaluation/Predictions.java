package io.buttress.evaluation;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;

/**
 * What a model predicts for each example of a set.
 *
 * @param targets class indices, or scores
 * @param predictions likewise
 * @param defined whether there is no NaN among the outputs, which leaves every metric undefined
 */
public record Predictions(float[] targets, float[] predictions, boolean defined) {

  /** Reads the file of a stored evaluation: {@code index,target,prediction,logit_0,...}. */
  public static Predictions read(Path file) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      lines.readLine();
      float[] targets = new float[1024];
      float[] predictions = new float[1024];
      boolean defined = true;
      int n = 0;
      for (Iterator<String> rows = lines.lines().iterator(); rows.hasNext(); n++) {
        if (n == targets.length) {
          targets = Arrays.copyOf(targets, 2 * n);
          predictions = Arrays.copyOf(predictions, 2 * n);
        }
        // Split at commas: all fields are numbers, and none is quoted.
        String[] row = rows.next().split(",", 4);
        targets[n] = Float.parseFloat(row[1]);
        predictions[n] = Float.parseFloat(row[2]);
        defined &= !row[3].contains("NaN");
      }
      return new Predictions(Arrays.copyOf(targets, n), Arrays.copyOf(predictions, n), defined);
    }
  }

  public int size() {
    return targets.length;
  }

  /** Those with these indices. */
  public Predictions rows(int[] indices) {
    float[] some = new float[indices.length];
    float[] predicted = new float[indices.length];
    for (int i = 0; i < indices.length; i++) {
      some[i] = targets[indices[i]];
      predicted[i] = predictions[indices[i]];
    }
    return new Predictions(some, predicted, defined);
  }
}
