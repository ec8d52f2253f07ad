package io.buttress.encoding;

import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.evaluation.LinearProbe;
import io.buttress.evaluation.Metrics;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Fits a linear head on a frozen encoder's representations of another task's training examples, and
 * scores it on that task's validation set.
 */
public final class Prober {
  static final int MOST_EXAMPLES = 10_000;

  private static final long SEED = 0;

  private final DatasetStore datasets;

  public Prober(DatasetStore datasets) {
    this.datasets = datasets;
  }

  /** The probed task's metrics. */
  public Map<String, Double> probe(TextClassifier model, ProbeRequest request, Progress progress)
      throws IOException {
    TokenizedDataset dataset = datasets.load(request.dataset());
    Split train = some(dataset.splits().get(ResolvedTask.TRAIN));
    Split validation = dataset.splits().get(ResolvedTask.VALIDATION);
    model.config().requireFits(train);
    model.config().requireFits(validation);
    model.config().requireLayers(List.of(request.layer()));
    Evaluator evaluator = new Evaluator(model, progress);
    LinearProbe probe =
        LinearProbe.fit(
            representations(evaluator, train, request),
            train.targets(),
            dataset.kind(),
            dataset.kind() == TaskKind.REGRESSION ? 1 : dataset.labels().size(),
            Seeds.derive(SEED, "probe", 0),
            () -> progress.at(0, 0, null));
    return Metrics.compute(
        dataset.kind(),
        dataset.labels().size(),
        validation.targets(),
        probe.scores(representations(evaluator, validation, request)));
  }

  /** The same for every encoder. */
  static Split some(Split train) {
    if (train.size() <= MOST_EXAMPLES) {
      return train;
    }
    int[] order = Seeds.permutation(train.size(), Seeds.derive(SEED, "probe-examples", 0));
    return train.rows(Arrays.copyOf(order, MOST_EXAMPLES));
  }

  private static float[][] representations(Evaluator evaluator, Split split, ProbeRequest request) {
    float[] all =
        evaluator
            .run(split, List.of(request.layer()), Pooling.of(request.pooling()))
            .representations()
            .get(request.layer());
    float[][] rows = new float[split.size()][];
    int width = all.length / split.size();
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(all, i * width, (i + 1) * width);
    }
    return rows;
  }
}
