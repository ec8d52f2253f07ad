package io.buttress.training;

import io.buttress.collapse.CollapseMetrics;
import io.buttress.collapse.Representations;
import io.buttress.collapse.Spectrum;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.CollapseTrajectory;
import io.buttress.result.MetricPoint;
import io.buttress.storage.Safetensors.Tensor;
import java.util.List;

/**
 * Measures collapse in the middle of training, on the first {@value Evaluator#SAMPLE} validation
 * examples. Evaluation draws nothing at random and changes no weight: training goes on as if
 * undisturbed.
 *
 * @param moments how many, evenly spaced, beside the beginning of training
 * @param sample of the validation set
 * @param layer a hidden state, as in {@link io.buttress.model.EncoderConfig#resolveLayer}
 * @param pretrained representations of these examples, n x H
 * @param spectrum of these
 */
record CollapseWatch(
    int moments,
    Split sample,
    int layer,
    Pooling pooling,
    Representations pretrained,
    Spectrum spectrum) {

  static CollapseWatch of(
      int moments, Split validation, int layer, Pooling pooling, Representations pretrained) {
    return new CollapseWatch(
        moments, Evaluator.sample(validation), layer, pooling, pretrained, Spectrum.of(pretrained));
  }

  /** Whether there is something to measure, once so many steps, one or more, are done. */
  boolean isDue(int done, int steps) {
    return (long) done * moments / steps > (done - 1L) * moments / steps;
  }

  /** Points of this moment; none for representations that are not finite: training has diverged. */
  List<MetricPoint> measure(
      int done, TextClassifier model, FineTuningMethod method, Progress progress) {
    float[] values =
        new Evaluator(model, method.evaluation(), progress)
            .run(sample, List.of(layer), pooling)
            .representations()
            .get(layer);
    Representations z = Representations.of(Tensor.of(values, pretrained.n(), pretrained.h()));
    try {
      return CollapseTrajectory.points(
          done,
          CollapseMetrics.brief(z, Spectrum.of(z), pretrained, spectrum),
          System.currentTimeMillis());
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }
}
