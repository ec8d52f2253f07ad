package io.buttress.study;

/**
 * How a study chooses one setting of each method: by the primary metric on examples that are set
 * apart from the training set.
 *
 * @param fraction of the training set that is set apart, in (0, 0.5]
 * @param refit whether the chosen settings are trained again, on all of the training set
 */
public record SelectionSpec(double fraction, boolean refit) {}
