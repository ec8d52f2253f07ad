package io.buttress.encoding;

import io.buttress.activity.ProbePretrained;
import io.buttress.dataset.DatasetStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.ProbeRequest;

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
    PretrainedStep.inActivity(
        handOver,
        progress -> {
          probes.ensure(request, progress);
          return null;
        });
  }
}
