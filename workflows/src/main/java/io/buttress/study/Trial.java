package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/**
 * One fine-tuning run of a study.
 *
 * @param fingerprint sha256 of everything that decides its result, and of nothing else
 * @param selection fraction of the training set that is set apart: the trial learns nothing from it
 *     and is evaluated on it; null: it trains on all of the training set
 * @param keepModel whether its model is kept; of a {@code search}, that of its refit
 * @param onlyBest whether it is kept only as long as no better trial of the same model, task,
 *     method and regime has ended
 * @param search whether the trial only helps to choose a setting, which is trained again: such a
 *     trial keeps no model
 * @param checkpointSeconds between two checkpoints, at least
 * @param probes other tasks that its model is probed for
 */
@RecordBuilder
public record Trial(
    String fingerprint,
    DatasetRequest dataset,
    Method method,
    Regime regime,
    long seed,
    Training training,
    Double selection,
    CollapseSpec collapse,
    boolean keepModel,
    boolean onlyBest,
    boolean search,
    int checkpointSeconds,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ResolvedTask> probes) {

  private static final int FINGERPRINT_DIGITS = 16;

  /** JSON without probes leaves the field out, which reads as null. */
  public Trial {
    probes = probes == null ? List.of() : probes;
  }

  /** Id of the workflow of a trial, a child of its study's. */
  public static String workflowId(String study, String fingerprint) {
    return study + "/" + fingerprint.substring(0, FINGERPRINT_DIGITS);
  }

  /** What must exist before it starts. */
  public List<SnapshotRequest> snapshots() {
    return SnapshotRequest.all(dataset, collapse, method);
  }

  /** What is asked of its encoder; of the pre-trained and a random one before it starts. */
  public List<ProbeRequest> probeRequests() {
    return probes.stream()
        .map(
            probe ->
                new ProbeRequest(
                    new DatasetRequest(dataset.model(), probe, dataset.maxLength()),
                    collapse.layer(),
                    collapse.pooling()))
        .toList();
  }

  /** Whether its model is kept, however good others are. */
  public boolean keepsModel() {
    return keepModel && !onlyBest && !search;
  }

  /** Whether its model is kept if it is the best. */
  public boolean competes() {
    return keepModel && onlyBest && !search;
  }
}
