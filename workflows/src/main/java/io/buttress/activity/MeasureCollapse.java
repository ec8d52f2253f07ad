package io.buttress.activity;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.List;
import java.util.Map;

/** Measures representation collapse on the validation set, before and after fine-tuning. */
@ActivityInterface
public interface MeasureCollapse {

  /**
   * Compares the pre-trained snapshot with the fine-tuned representations.
   *
   * @param evaluationKey as returned by {@link FineTune#fineTune}
   */
  @ActivityMethod
  Collapse measureCollapse(Trial trial, String evaluationKey);

  /**
   * Collapse metrics by key; values are null where undefined.
   *
   * @param key artifact with {@code spectrum.csv} and {@code spectrum.png}
   * @param random what probes of a random encoder reach; null without probes
   * @param layers at every hidden state
   */
  record Collapse(
      String key,
      Map<String, Double> pretrained,
      Map<String, Double> finetuned,
      @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Double> random,
      List<TrialResult.Layer> layers) {}
}
