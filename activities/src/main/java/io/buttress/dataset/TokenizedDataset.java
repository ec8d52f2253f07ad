package io.buttress.dataset;

import io.buttress.model.Split;
import io.buttress.study.TaskKind;
import java.util.List;
import java.util.Map;

/**
 * A task's examples as token ids.
 *
 * @param labels label values in class order; empty for regression
 * @param splits {@code train}, {@code validation}, optionally {@code test} and {@code ood:NAME}
 */
public record TokenizedDataset(TaskKind kind, List<String> labels, Map<String, Split> splits) {}
