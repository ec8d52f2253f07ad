package io.buttress.study;

import java.util.List;

/**
 * One fine-tuning run of a study.
 *
 * @param fingerprint sha256 of everything that decides its result, and of nothing else
 * @param selection fraction of the training set that is set apart: the trial learns nothing from it
 *     and is evaluated on it; null: it trains on all of the training set
 * @param checkpointSeconds between two checkpoints, at least
 * @param snapshots what must exist before it starts: the training set's for methods that compare
 *     with it, the validation set's for the collapse metrics
 */
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
    int checkpointSeconds,
    List<SnapshotRequest> snapshots) {}
