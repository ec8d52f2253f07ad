package io.buttress.training;

import io.buttress.model.Split;
import java.util.List;

/**
 * Examples set apart from the training set, by which training is stopped early.
 *
 * @param labels number of labels; ignored for regression
 * @param metric keys whose mean is to become as great as possible
 */
public record HeldOut(Split split, int labels, List<String> metric) {}
