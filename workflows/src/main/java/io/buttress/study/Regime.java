package io.buttress.study;

/**
 * Which training data a trial sees.
 *
 * @param id {@code full}: all of the training set
 */
public record Regime(String id) {
  public static final Regime FULL = new Regime("full");
}
