package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A study whose worker and servers are killed again and again ends like one that ran in one piece.
 * {@code infra/chaos} runs this at full size; here each is killed at least once.
 */
@ExtendWith(StackExtension.class)
final class ChaosIT {
  private static final long SEED = Long.getLong("chaos.seed", 1);
  private static final int KILLS = Integer.getInteger("chaos.kills", Extent.FULL ? 6 : 4);
  private static final int STEPS = Integer.getInteger("chaos.steps", Extent.FULL ? 1500 : 1000);
  private static final Duration PAUSE = Duration.ofSeconds(Integer.getInteger("chaos.pause", 4));
  private static final Duration LONGEST =
      Duration.ofMinutes(Integer.getInteger("chaos.minutes", 10));

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  private Path folder;

  @Test
  void killingAnythingAtAnyMomentChangesNoNumber(Stack stack) throws Exception {
    URI model =
        System.getProperty("chaos.model") == null
            ? TinyModel.write(folder.resolve("model")).toUri()
            : Path.of(System.getProperty("chaos.model")).toUri();
    say("seed %d, %d kills, files in %s", SEED, KILLS, folder);
    try (Servers servers = new Servers(stack);
        Chaos chaos = new Chaos(servers, folder, SEED, PAUSE)) {
      while (chaos.killed() < KILLS) {
        String name = "chaos-" + UUID.randomUUID();
        JsonNode study = study(name, model);
        servers.studies().start(name, study);
        int before = chaos.killed();
        chaos.disturb(name, KILLS, LONGEST);
        assertThat(chaos.killed()).as("kills that hit the study").isGreaterThan(before);
        EndedStudy.check(servers, name, study, folder.resolve(name));
      }
    }
  }

  /** Methods that keep something besides the weights, with early stopping that never ends one. */
  private static JsonNode study(String name, URI model) throws Exception {
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"],
         "methods": [{"id": "stl"}, {"id": "repina-mlp", "lambda": 0.1}, {"id": "mixout"}, {"id": "r4f"},
                     {"id": "wc", "anneal": "recadam"}],
         "seeds": [%d], "selection": {"fraction": 0.25}, "execution": {"checkpointEvery": "1s"},
         "training": {"steps": %d, "minSteps": %d, "patience": 1, "evaluateEvery": %d,
                      "batchSize": 8, "learningRate": 1e-4, "maxLength": 32}}
        """
            // A seed of its own keeps this study's trials apart from those of earlier runs.
            .formatted(name, model, name.hashCode(), STEPS, STEPS, Math.max(1, STEPS / 10)));
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(format + "%n", arguments);
  }
}
