package io.buttress.study;

import java.util.List;

/**
 * Pre-trained representations of one split of a dataset: the deciding inputs of a snapshot
 * artifact.
 *
 * @param split {@code train}, {@code validation}, ...
 * @param layers sorted, resolved against nothing: -1 stays -1
 * @param pooling {@code cls} or {@code mean}
 */
public record SnapshotRequest(
    DatasetRequest dataset, String split, List<Integer> layers, String pooling) {}
