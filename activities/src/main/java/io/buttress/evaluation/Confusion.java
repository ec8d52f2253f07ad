package io.buttress.evaluation;

/** Counts of (target, prediction) pairs, and the metrics that need nothing else. */
final class Confusion {
  /** [target][prediction]. */
  private final long[][] counts;

  private final long[] targets;
  private final long[] predictions;
  private final long total;

  /**
   * @throws IllegalArgumentException when a target is not a class index
   */
  Confusion(int labels, float[] target, int[] prediction) {
    this(count(labels, target, prediction));
  }

  /**
   * @param counts [target][prediction]
   */
  Confusion(long[][] counts) {
    this.counts = counts;
    targets = new long[counts.length];
    predictions = new long[counts.length];
    long all = 0;
    for (int target = 0; target < counts.length; target++) {
      for (int prediction = 0; prediction < counts.length; prediction++) {
        targets[target] += counts[target][prediction];
        predictions[prediction] += counts[target][prediction];
        all += counts[target][prediction];
      }
    }
    total = all;
  }

  private static long[][] count(int labels, float[] target, int[] prediction) {
    long[][] counts = new long[labels][labels];
    for (int i = 0; i < target.length; i++) {
      int label = (int) target[i];
      if (label != target[i] || label < 0 || label >= labels) {
        throw new IllegalArgumentException(
            "target " + i + " is " + target[i] + ", not one of " + labels + " class indices");
      }
      counts[label][prediction[i]]++;
    }
    return counts;
  }

  int labels() {
    return targets.length;
  }

  Double accuracy() {
    return correct() / (double) total;
  }

  /** 2 TP / (2 TP + FP + FN); null for a label that is neither a target nor predicted. */
  Double f1(int label) {
    long members = targets[label] + predictions[label];
    return members == 0 ? null : 2.0 * counts[label][label] / members;
  }

  /** Unweighted mean of F1 over the labels that are a target or predicted. */
  Double macroF1() {
    double sum = 0;
    int present = 0;
    for (int label = 0; label < labels(); label++) {
      Double f1 = f1(label);
      if (f1 != null) {
        sum += f1;
        present++;
      }
    }
    return sum / present;
  }

  /** F1 of the pooled counts of all labels: as each example has one label, the accuracy. */
  Double microF1() {
    return accuracy();
  }

  /**
   * Matthews' correlation for any number of labels, R_K of Gorodkin 2004. A constant prediction, or
   * constant targets, give 0, the limit that scikit-learn takes too.
   */
  Double matthews() {
    double agreement = (double) correct() * total;
    double predicted = (double) total * total;
    double actual = predicted;
    for (int label = 0; label < labels(); label++) {
      agreement -= (double) targets[label] * predictions[label];
      predicted -= (double) predictions[label] * predictions[label];
      actual -= (double) targets[label] * targets[label];
    }
    return predicted == 0 || actual == 0 ? 0.0 : agreement / Math.sqrt(predicted * actual);
  }

  private long correct() {
    long correct = 0;
    for (int label = 0; label < labels(); label++) {
      correct += counts[label][label];
    }
    return correct;
  }
}
