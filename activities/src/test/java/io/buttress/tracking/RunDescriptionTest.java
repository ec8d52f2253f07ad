package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.Method;
import io.buttress.study.Regime;
import io.buttress.study.Trial;
import io.buttress.study.TrialBuilder;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RunDescriptionTest {
  private static final StudyRun STUDY = new StudyRun("my study", "a".repeat(64), "parent", "w");
  private final Trial trial = FinishedTrial.trial("description");

  private RunDescription with(Method method, Regime regime) {
    Trial other = TrialBuilder.from(trial).method(method).regime(regime).build();
    return RunDescription.of(STUDY, other, "workflow");
  }

  @Test
  void namesAreForPeople() {
    assertThat(RunDescription.of(STUDY, trial, "workflow").name())
        .isEqualTo("repina-i lambda=0.01 · cola · seed 1");
    assertThat(with(new Method("stl", new TreeMap<>()), Regime.fewShot(250)).name())
        .isEqualTo("stl · cola · few-shot-250 · seed 1");
    assertThat(
            with(new Method("wc", new TreeMap<>(Map.of("lambda", 1e-4, "n", 10))), Regime.FULL)
                .name())
        .isEqualTo("wc lambda=0.0001 n=10 · cola · seed 1");
    assertThat(RunDescription.of(STUDY, "workflow").name()).isEqualTo("my study");
  }

  @Test
  void parametersAreComplete() {
    assertThat(RunDescription.of(STUDY, trial, "workflow").parameters())
        .containsEntry("model", "file:/models/minilm")
        .containsEntry("task", "cola")
        .containsEntry("method", "repina-i")
        .containsEntry("regime", "full")
        .containsEntry("seed", "1")
        .containsEntry("method.lambda", "0.01")
        .containsEntry("method.layers", "[-1]")
        .containsEntry("method.pooling", "cls")
        .containsEntry("training.learningRate", "2.0E-5")
        .containsEntry("training.batchSize", "32")
        .doesNotContainKeys("training.dropout", "training.steps", "selection");
  }

  @Test
  void trialsAreNestedAndKnownByStudyAndFingerprint() {
    RunDescription description = RunDescription.of(STUDY, trial, "workflow");
    assertThat(description.identity())
        .containsOnly(
            Map.entry("buttress.studyKey", STUDY.studyKey()),
            Map.entry("buttress.fingerprint", trial.fingerprint()));
    assertThat(description.tags())
        .containsAllEntriesOf(description.identity())
        .containsEntry("mlflow.parentRunId", "parent")
        .containsEntry("temporal.workflowId", "workflow")
        .containsKey("mlflow.user");
  }

  @Test
  void aStudysRunIsNoneOfItsTrials() {
    Map<String, String> identity = RunDescription.of(STUDY, "workflow").identity();
    Map<String, String> trialTags = RunDescription.of(STUDY, trial, "workflow").tags();
    assertThat(trialTags.entrySet()).doesNotContainSequence(identity.entrySet());
    assertThat(trialTags.get("buttress.kind")).isNotEqualTo(identity.get("buttress.kind"));
  }
}
