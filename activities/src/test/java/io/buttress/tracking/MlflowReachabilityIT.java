package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.stack.SettingNames;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(StackExtension.class)
class MlflowReachabilityIT {
  @TempDir Path directory;

  private MlflowTracker tracker(String uri) throws IOException {
    return new MlflowTracker(
        new MlflowAccess(URI.create(uri), null, null, null, null, SettingNames.MLFLOW),
        new ArtifactStore(
            new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache")),
        new MetricRegistry());
  }

  @Test
  void theServerAnswers(Stack stack) throws IOException {
    try (MlflowTracker tracker = tracker(stack.variable("MLFLOW_TRACKING_URI") + "/")) {
      tracker.verifyReachable();
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    try (MlflowTracker tracker = tracker("http://127.0.0.1:9")) {
      assertThatThrownBy(tracker::verifyReachable)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("http://127.0.0.1:9", "MLFLOW_TRACKING_URI");
      StudyRun study = new StudyRun("name", "a".repeat(64), null, "run");
      assertThatThrownBy(() -> tracker.open(study, "workflow"))
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("http://127.0.0.1:9", "MLFLOW_TRACKING_URI");
    }
  }

  @Test
  void aServerThatIsNotMlflowIsNamed(Stack stack) throws IOException {
    try (MlflowTracker tracker = tracker(stack.variable("AWS_ENDPOINT_URL_S3"))) {
      assertThatThrownBy(tracker::verifyReachable)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("MLFLOW_TRACKING_URI");
    }
  }
}
