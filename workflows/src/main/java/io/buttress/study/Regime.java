package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;

/**
 * Which training data a trial sees. The examples that are left out or relabelled depend on the task
 * and the seed alone, so that all methods have the same.
 *
 * @param id {@code full}, {@code few-shot-250}, {@code label-noise-0.05}
 * @param examples few-shot: how many training examples are used, those set apart for selection
 *     included; null: all
 * @param fraction label noise: the share of training examples that get a wrong label; null: none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Regime(String id, Integer examples, Double fraction) {
  public static final Regime FULL = new Regime("full", null, null);
  static final String FEW_SHOT = "few-shot";
  static final String LABEL_NOISE = "label-noise";

  /** Least optimizer steps of a few-shot trial, unless the study says otherwise. */
  static final int FEW_SHOT_STEPS = 500;

  public static Regime fewShot(int examples) {
    return new Regime(FEW_SHOT + "-" + examples, examples, null);
  }

  public static Regime labelNoise(double fraction) {
    String plain = new BigDecimal(Double.toString(fraction)).stripTrailingZeros().toPlainString();
    return new Regime(LABEL_NOISE + "-" + plain, null, fraction);
  }

  /**
   * The regime that results call so.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Regime named(String id) {
    if (id.startsWith(FEW_SHOT + "-")) {
      return fewShot(Integer.parseInt(id.substring(FEW_SHOT.length() + 1)));
    }
    if (id.startsWith(LABEL_NOISE + "-")) {
      return labelNoise(Double.parseDouble(id.substring(LABEL_NOISE.length() + 1)));
    }
    if (!id.equals(FULL.id())) {
      throw new IllegalArgumentException("no regime is called " + id);
    }
    return FULL;
  }

  /** Whether it can be used for a task: wrong labels need a task that has labels. */
  public boolean applies(TaskKind kind) {
    return fraction == null || kind == TaskKind.CLASSIFICATION;
  }
}
