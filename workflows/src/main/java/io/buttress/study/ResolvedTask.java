package io.buttress.study;

import java.util.SortedMap;

/**
 * A task, pinned to exact bytes.
 *
 * @param splits {@link #TRAIN}, {@link #VALIDATION}, optionally {@link #TEST} and {@code ood:NAME}
 */
public record ResolvedTask(TaskSpec spec, SortedMap<String, DataFile> splits) {
  public static final String TRAIN = "train";
  public static final String VALIDATION = "validation";
  public static final String TEST = "test";
}
