package io.buttress.study;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * One setting of the training hyper-parameters.
 *
 * @param epochs passes over the training set; ignored when {@code steps} is set
 * @param batchSize examples per optimizer step
 * @param learningRate peak rate of AdamW
 * @param warmup fraction of the steps with a linearly rising rate, in [0, 1]
 * @param maxLength longest input in tokens, special tokens included
 * @param precision of the matrix products of training: {@code fp32} or {@code bf16}
 * @param weightDecay decoupled; not applied to biases and LayerNorm
 * @param clipNorm largest global gradient norm; 0 switches clipping off
 * @param schedule {@code linear}, {@code cosine} or {@code constant}, after warm-up
 * @param dropout hidden, attention and classifier dropout; null: as in the model's config
 * @param steps optimizer steps; null: by epochs
 * @param minSteps train for at least so many optimizer steps; null: as the regime has it
 * @param microBatchSize examples per forward pass, at most {@code batchSize}: gradients accumulate
 *     over the micro-batches of a step; null: the whole batch at once
 * @param patience evaluations on the selection split in a row without improvement after which
 *     training stops; null: it never stops early
 * @param evaluateEvery optimizer steps between these evaluations; null: an epoch
 */
@RecordBuilder
public record Training(
    double epochs,
    int batchSize,
    double learningRate,
    double warmup,
    int maxLength,
    String precision,
    double weightDecay,
    double clipNorm,
    String schedule,
    Double dropout,
    Integer steps,
    Integer minSteps,
    Integer microBatchSize,
    Integer patience,
    Integer evaluateEvery) {

  public static final Training DEFAULT =
      TrainingBuilder.builder()
          .epochs(3)
          .batchSize(32)
          .learningRate(2e-5)
          .warmup(0.06)
          .maxLength(128)
          .precision("fp32")
          .weightDecay(0.01)
          .clipNorm(1.0)
          .schedule("linear")
          .build();

  /** Whether training may end before its last step. */
  public boolean stopsEarly() {
    return patience != null;
  }

  public boolean bfloat16() {
    return precision.equals("bf16");
  }

  /** Optimizer steps for a training set of {@code examples}; the last short batch is kept. */
  public int totalSteps(int examples) {
    int wanted =
        steps != null
            ? steps
            : (int) Math.ceil(epochs * Math.ceil(examples / (double) batchSize) - 1e-9);
    return Math.max(wanted, leastSteps());
  }

  /** Optimizer steps before which training does not end. */
  public int leastSteps() {
    return minSteps == null ? 0 : minSteps;
  }

  /** This setting for trials of a regime. */
  Training in(Regime regime) {
    if (minSteps != null) {
      return this;
    }
    int steps = regime.examples() == null ? 0 : Regime.FEW_SHOT_STEPS;
    return TrainingBuilder.from(this).minSteps(steps).build();
  }
}
