package io.buttress.regularizer;

/** {@code stl}: the task loss alone. */
final class StandardFineTuning implements Regularizer {}
