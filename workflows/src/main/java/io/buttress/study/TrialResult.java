package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * One entry of {@code report.json}'s {@code trials}. Metric values are null where undefined; whole
 * maps are null where there is no such set.
 *
 * @param parameters those of the method; in the report, too, what varies of the training
 * @param failure one line, or null
 * @param selection metrics on the examples set apart from the training set
 * @param flipped of the training examples with a wrong label: share for which that label is
 *     predicted ({@code memorized}) and the right one ({@code recovered}); null without any
 * @param selected whether the study reports this trial: one with the setting that was chosen of its
 *     method; false for all others, and null in a study without selection
 */
@RecordBuilder
public record TrialResult(
    String model,
    String task,
    String method,
    SortedMap<String, Object> parameters,
    String regime,
    long seed,
    TrialStatus status,
    String failure,
    Integer steps,
    Double trainSeconds,
    Double examplesPerSecond,
    Map<String, Double> selection,
    Map<String, Double> validation,
    Map<String, Double> test,
    Map<String, Map<String, Double>> outOfDistribution,
    Map<String, Double> flipped,
    Collapse collapse,
    String mlflowRunId,
    String modelUri,
    String fingerprint,
    Boolean selected) {

  /**
   * Collapse metrics by key, before and after fine-tuning.
   *
   * @param random what probes of a random encoder reach; null without probes
   * @param layers at every hidden state; null in results of versions that did not measure them
   * @param trajectory during training; null where the study did not ask for it
   */
  public record Collapse(
      Map<String, Double> pretrained,
      Map<String, Double> finetuned,
      @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Double> random,
      @JsonInclude(JsonInclude.Include.NON_NULL) List<Layer> layers,
      @JsonInclude(JsonInclude.Include.NON_NULL) List<Moment> trajectory) {}

  /**
   * Collapse metrics of one hidden state.
   *
   * @param layer 0 = embeddings
   */
  public record Layer(int layer, Map<String, Double> pretrained, Map<String, Double> finetuned) {}

  /**
   * Collapse metrics in the middle of training.
   *
   * @param step how many optimizer steps were done
   */
  public record Moment(int step, Map<String, Double> finetuned) {}
}
