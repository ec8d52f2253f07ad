package io.buttress.method;

/** {@code stl}: the task loss alone. */
final class StandardFineTuning implements FineTuningMethod {}
