package io.buttress.training;

import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.Position;
import io.buttress.activity.ProbePretrained;
import io.buttress.data.DatasetStore;
import io.buttress.model.InvalidModelException;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.ProbeRequest;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Stores what probes of the encoders reach that fine-tuned ones are compared with. */
public final class ProbePretrainedActivity implements ProbePretrained {
  private final PretrainedProbes probes;
  private final HandOver handOver;

  public ProbePretrainedActivity(ArtifactStore store, DatasetStore datasets, HandOver handOver) {
    this.handOver = handOver;
    probes = new PretrainedProbes(store, datasets);
  }

  @Override
  public void probePretrained(ProbeRequest request) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    handOver.begin();
    try {
      probes.ensure(
          request,
          (step, steps, loss) -> {
            handOver.check();
            context.heartbeat(new Position(step, steps, null, null));
          });
    } catch (InvalidModelException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      handOver.end();
    }
  }
}
