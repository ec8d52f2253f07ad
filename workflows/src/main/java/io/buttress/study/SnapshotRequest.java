package io.buttress.study;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Pre-trained representations of one split of a dataset: the deciding inputs of a snapshot
 * artifact.
 *
 * @param split {@code train}, {@code validation}, ...
 * @param layers sorted, as the study writes them: -1 is not replaced by the last layer's number
 * @param pooling {@code cls} or {@code mean}
 */
public record SnapshotRequest(
    DatasetRequest dataset, String split, List<Integer> layers, String pooling) {

  /** What the collapse metrics compare with. */
  public static SnapshotRequest validation(DatasetRequest dataset, CollapseSpec collapse) {
    return new SnapshotRequest(
        dataset, ResolvedTask.VALIDATION, List.of(collapse.layer()), collapse.pooling());
  }

  /** What a method compares with; most compare with nothing. */
  public static Optional<SnapshotRequest> training(DatasetRequest dataset, Method method) {
    return MethodCatalog.entry(method).usesTrainSnapshot()
        ? Optional.of(
            new SnapshotRequest(
                dataset, ResolvedTask.TRAIN, method.integers("layers"), method.text("pooling")))
        : Optional.empty();
  }

  static List<SnapshotRequest> all(DatasetRequest dataset, CollapseSpec collapse, Method method) {
    return Stream.concat(
            Stream.of(validation(dataset, collapse)), training(dataset, method).stream())
        .toList();
  }
}
