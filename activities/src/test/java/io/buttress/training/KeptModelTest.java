package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.storage.Artifact;
import io.buttress.storage.StoredModels;
import io.buttress.study.Trial;
import io.buttress.study.TrialBuilder;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

/** A trial keeps its model, or keeps it apart as long as it is the best. */
class KeptModelTest extends FineTuneEnvironment {

  @Test
  void aTrialThatWantsItsModelDoesNotMakeDoWithAFitThatLacksIt() throws IOException {
    FineTuned without = fineTune(trial(stl(), 1, false));
    FineTuned with = fineTune(trial(stl(), 1, true));

    assertThat(store.get(with.fitKey()).files()).containsKey("model/model.safetensors");
    assertThat(with.metrics()).isEqualTo(without.metrics());
    assertThat(with.evaluationKey()).isEqualTo(without.evaluationKey());
  }

  @Test
  void theModelOfATrialThatCompetesStandsApart() throws IOException {
    Trial trial = competing(trial(stl(), 1, true));
    FineTuned first = fineTune(trial);

    Artifact fit = store.get(first.fitKey());
    assertThat(fit.files().keySet()).noneMatch(name -> name.startsWith("model/"));
    String trained = StoredModels.trained(trial.fingerprint(), fit.key()) + "/";
    assertThat(store.objects().list(trained))
        .contains(trained + "config.json", trained + "model.safetensors");
    assertThat(first.metrics()).isEqualTo(fineTune(trial(stl(), 1, true)).metrics());
  }

  @Test
  void aTrialThatCompetesIsTrainedAgainOnlyWhenItWasNotEvaluated() throws IOException {
    Trial trial = competing(trial(stl(), 1, true));
    FineTuned first = fineTune(trial);
    String weights =
        StoredModels.trained(trial.fingerprint(), first.fitKey()) + "/model.safetensors";
    Artifact evaluation = store.get(first.evaluationKey());
    byte[] bytes = bytes(weights);

    store.objects().delete(weights);
    assertThat(fineTune(trial)).isEqualTo(first);
    assertThat(store.objects().exists(weights)).as("it lost, and that is that").isFalse();

    store.objects().delete("refs/" + first.evaluationKey());
    assertThat(fineTune(trial)).isEqualTo(first);
    assertThat(store.get(first.evaluationKey())).isEqualTo(evaluation);
    assertThat(bytes(weights)).isEqualTo(bytes);
  }

  /** The same trial, which keeps its model only as the best. */
  private static Trial competing(Trial trial) {
    return TrialBuilder.from(trial).onlyBest(true).build();
  }

  private byte[] bytes(String key) throws IOException {
    try (InputStream in = store.objects().get(key).orElseThrow()) {
      return in.readAllBytes();
    }
  }
}
