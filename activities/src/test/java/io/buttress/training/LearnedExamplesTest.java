package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.dataset.FewShot;
import io.buttress.dataset.SelectionSplit;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.model.Split;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.storage.Artifact;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Regime;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trial;
import io.buttress.study.TrialBuilder;
import io.buttress.study.Trials;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Regimes and selection decide what a trial learns from, and what it tells of the rest. */
class LearnedExamplesTest extends FineTuneEnvironment {

  @Test
  void aTrialWithSelectionLearnsFromTheRestAndIsEvaluatedOnWhatIsSetApart() throws IOException {
    Trial all = trial(repina(0.1), 1, false);
    Trial search = selecting(all, 0.25, null);

    FineTuned result = fineTune(search);

    Split train = Golden.split("two");
    SelectionSplit split =
        SelectionSplit.of(train.targets(), TaskKind.CLASSIFICATION, 0.25, search.seed());
    assertThat(result.steps()).as("17 examples in batches of 5").isEqualTo(4);
    assertThat(result.metrics()).containsOnlyKeys("validation", "ood:other", "selection");
    Artifact evaluation = store.get(result.evaluationKey());
    List<String> predictions =
        Files.readAllLines(store.file(evaluation, "predictions-selection.csv"));
    assertThat(predictions.stream().skip(1).map(line -> Integer.valueOf(line.split(",")[0])))
        .containsExactly(Arrays.stream(split.heldOut()).boxed().toArray(Integer[]::new));
    assertThat(predictions.stream().skip(1).map(line -> Float.valueOf(line.split(",")[1])))
        .allSatisfy(target -> assertThat(target).isIn(0f, 1f));
    // All splits of this dataset have the same examples: rows agree in what the model says.
    List<String> validation =
        Files.readAllLines(store.file(evaluation, "predictions-validation.csv"));
    for (String line : predictions.subList(1, predictions.size())) {
      String same = validation.get(1 + Integer.parseInt(line.split(",")[0]));
      assertThat(line.split(",")[1]).isEqualTo(same.split(",")[1]);
      assertThat(Double.parseDouble(line.split(",")[3]))
          .isCloseTo(Double.parseDouble(same.split(",")[3]), within(1e-5));
    }
    assertThat(regularizerAtFirstStep(result))
        .as("compares rows of the same examples")
        .isCloseTo(0, within(1e-8));
    assertThat(fineTune(all).metrics()).doesNotContainKey("selection");
  }

  @Test
  void aFewShotTrialLearnsFromItsSubsetAlone() throws IOException {
    Trial trial = selecting(under(Regime.fewShot(11), trial(repina(0.1), 1, false)), 0.25, null);
    Split train = Golden.split("two");
    int[] rows = FewShot.rows(train.targets(), TaskKind.CLASSIFICATION, 11, trial.seed());

    FineTuned result = fineTune(trial);
    assertThat(result.steps()).as("8 of 11 examples in batches of 5").isEqualTo(2);
    assertThat(regularizerAtFirstStep(result))
        .as("compares rows of the same examples")
        .isCloseTo(0, within(1e-8));

    TrainingSet set = TrainingSet.of(trial, datasets.load(trial.dataset()));
    assertThat(set.learned().size() + set.heldOut().size())
        .as("the selection split is part of the few")
        .isEqualTo(11);
    assertThat(rows).contains(set.learnedRows()).contains(set.heldOutRows());
    assertThat(set.learned().targets()).isEqualTo(train.rows(set.learnedRows()).targets());
  }

  @Test
  void aTrialWithLabelNoiseTellsWhatItMadeOfTheWrongLabels() throws IOException {
    Trial trial = under(Regime.labelNoise(0.3), trial(stl(), 1, false));
    FineTuned result = fineTune(trial);

    List<String> noise =
        Files.readAllLines(store.file(store.get(result.fitKey()), "label-noise.csv"));
    assertThat(noise).hasSize(1 + 7).startsWith("row,label,given");
    float[] truth = Golden.split("two").targets();
    List<String> labels = List.of("no", "yes");
    assertThat(noise.subList(1, 8))
        .allSatisfy(
            line -> {
              String[] fields = line.split(",");
              String right = labels.get((int) truth[Integer.parseInt(fields[0])]);
              assertThat(fields[1]).isEqualTo(right);
              assertThat(fields[2]).isIn(labels).isNotEqualTo(right);
            });
    assertThat(result.metrics().get("flipped")).containsOnlyKeys("memorized", "recovered");
    assertThat(
            result.metrics().get("flipped").get("memorized")
                + result.metrics().get("flipped").get("recovered"))
        .as("of two labels one is right")
        .isEqualTo(1);
  }

  @Test
  void moreExamplesThanThereAreAreTheStudysFault() {
    assertThatThrownBy(() -> fineTune(under(Regime.fewShot(24), trial(stl(), 1, false))))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure ->
                assertThat(failure.getOriginalMessage())
                    .isEqualTo("file:train: has 23 examples, too few for few-shot-24"));
  }

  @Test
  void stopsEarlyOnWhatIsSetApart() throws IOException {
    FineTuned result = fineTune(selecting(trial(stl(), 1, true), 0.25, 1));

    Artifact fit = store.get(result.fitKey());
    List<MetricPoint> history = MetricHistory.read(store.file(fit, "history.csv"));
    List<MetricPoint> scores =
        history.stream().filter(point -> point.metric().equals("selection_accuracy")).toList();
    double best = scores.stream().mapToDouble(MetricPoint::value).max().orElseThrow();
    assertThat(result.metrics().get("selection").get("accuracy")).isEqualTo(best);
    assertThat(result.steps()).isEqualTo(scores.get(scores.size() - 1).step() + 1).isLessThan(80);
    JsonNode description = Json.MAPPER.readTree(store.file(fit, "fit.json").toFile());
    assertThat(description.get("bestStep").asInt()).isEqualTo(result.steps() - 4);
  }

  @Test
  void tooFewExamplesToPartAreTheDatasFault() throws IOException {
    dataset = new DatasetRequest(dataset.model(), dataset.task(), 23);
    Trial trial = selecting(trial(stl(), 1, false), 0.5, null);
    datasets.put(
        trial.dataset(),
        new TokenizedDataset(
            TaskKind.CLASSIFICATION,
            List.of("no", "yes"),
            new TreeMap<>(
                Map.of(
                    "train",
                    Golden.split("two").rows(0),
                    "validation",
                    Golden.split("two").rows(1, 2)))));
    assertThatThrownBy(() -> fineTune(trial))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(Failures.INVALID_DATA);
              assertThat(failure.getOriginalMessage())
                  .isEqualTo(
                      "file:train: has too few examples to set a part of them apart for selection");
            });
  }

  private static Trial under(Regime regime, Trial trial) {
    return Trials.of(TrialBuilder.from(trial).regime(regime));
  }

  /** The trial with dropout off, a part of its training set set apart, and 20 epochs at most. */
  private static Trial selecting(Trial trial, double fraction, Integer patience) {
    Training training =
        TrainingBuilder.from(trial.training())
            .epochs(patience == null ? 1 : 20)
            .dropout(0.0)
            .patience(patience)
            .build();
    return Trials.of(TrialBuilder.from(trial).training(training).selection(fraction));
  }

  /** R of the first step: nothing is trained yet, and dropout is off. */
  private double regularizerAtFirstStep(FineTuned result) throws IOException {
    return MetricHistory.read(store.file(store.get(result.fitKey()), "history.csv")).stream()
        .filter(point -> point.metric().equals("regularizer") && point.step() == 0)
        .findFirst()
        .orElseThrow()
        .value();
  }
}
