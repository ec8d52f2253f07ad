package io.buttress.study;

import java.util.List;

/** A study whose models and data are pinned to exact bytes; lists are parallel to the spec's. */
public record ResolvedStudy(
    StudySpec spec,
    List<ResolvedModel> models,
    List<ResolvedTask> tasks,
    List<ResolvedTask> probes) {}
