package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.collapse.MeasureCollapseActivity;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.PrepareDatasetActivity;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.ProbePretrainedActivity;
import io.buttress.encoding.SnapshotRepresentationsActivity;
import io.buttress.encoding.SnapshotStore;
import io.buttress.plan.PlanStudyActivity;
import io.buttress.plan.SelectSettingsActivity;
import io.buttress.report.Links;
import io.buttress.report.ReportActivity;
import io.buttress.result.MetricLog;
import io.buttress.source.Sources;
import io.buttress.storage.ArtifactStore;
import io.buttress.tracking.MlflowTracker;
import io.buttress.tracking.TrackRunActivity;
import io.buttress.training.FineTuneActivity;
import io.buttress.training.TrainingMetrics;
import java.io.IOException;
import java.util.Optional;

/** The activities of a worker, by the task queue that they are served on. */
public record Services(Object[] studies, Object[] cpu, Object[] gpu, HandOver handOver) {

  /**
   * @param tracker empty: nothing is tracked
   * @param links where reports lead to
   * @param metrics of what the activities do
   */
  static Services of(
      ArtifactStore artifacts,
      Sources sources,
      Optional<MlflowTracker> tracker,
      Links links,
      MetricRegistry metrics)
      throws IOException {
    DatasetStore datasets = new DatasetStore(artifacts);
    HandOver handOver = new HandOver();
    PlanStudyActivity plan = new PlanStudyActivity(artifacts, sources);
    return new Services(
        new Object[] {
          plan,
          new TrackRunActivity(artifacts, tracker, metrics),
          new SelectSettingsActivity(artifacts),
          new ReportActivity(artifacts, datasets, plan, links)
        },
        new Object[] {
          new PrepareDatasetActivity(artifacts),
          new MeasureCollapseActivity(artifacts, datasets, new SnapshotStore(artifacts, datasets))
        },
        new Object[] {
          new SnapshotRepresentationsActivity(artifacts, datasets, handOver),
          new ProbePretrainedActivity(artifacts, datasets, handOver),
          new FineTuneActivity(
              artifacts,
              datasets,
              tracker.<MetricLog>map(t -> t).orElse(MetricLog.NONE),
              handOver,
              new TrainingMetrics(metrics))
        },
        handOver);
  }
}
