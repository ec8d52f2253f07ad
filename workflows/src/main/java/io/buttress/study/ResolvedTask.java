package io.buttress.study;

import java.util.SortedMap;

/**
 * A task, pinned to exact bytes.
 *
 * @param splits {@code train}, {@code validation}, optionally {@code test} and {@code ood:NAME}
 */
public record ResolvedTask(TaskSpec spec, SortedMap<String, DataFile> splits) {}
