package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;

/**
 * A study as its author means it: defaults filled in, grids expanded, catalogue tasks looked up.
 * Models x tasks x methods x training settings x regimes x seeds are its trials.
 *
 * @param models URIs of Hugging Face model folders ({@code file:}, {@code hf:})
 * @param methods one entry per setting
 * @param training one entry per setting
 * @param selection null: every setting is trained on all of the training set and reported
 * @param probes tasks that every model is probed for
 */
@RecordBuilder
public record StudySpec(
    String name,
    List<String> models,
    List<TaskSpec> tasks,
    List<Method> methods,
    List<Long> seeds,
    List<Regime> regimes,
    List<Training> training,
    SelectionSpec selection,
    CollapseSpec collapse,
    ExecutionSpec execution,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<TaskSpec> probes) {

  /** JSON without probes leaves the field out, which reads as null. */
  public StudySpec {
    probes = probes == null ? List.of() : probes;
  }
}
