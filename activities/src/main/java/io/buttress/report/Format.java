package io.buttress.report;

import io.buttress.statistics.Interval;
import io.buttress.statistics.Statistic;
import io.buttress.study.TrialStatus;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Values as a reader wants them; a dash for none. */
final class Format {
  private static final String NONE = "–";

  private Format() {}

  /** Three decimals. */
  static String metric(Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.3f", value);
  }

  /** Three decimals and always a sign. */
  static String difference(Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%+.3f", value);
  }

  /** From the lower to the upper bound. */
  static String interval(Interval value) {
    return value == null
        ? NONE
        : "[" + difference(value.low()) + ", " + difference(value.high()) + "]";
  }

  /** Mean and standard deviation, three decimals each. */
  static String statistic(Statistic value) {
    return value == null
        ? NONE
        : value.standardDeviation() == null
            ? metric(value.mean())
            : metric(value.mean()) + " ± " + metric(value.standardDeviation());
  }

  /** Three significant digits, for values of any size. */
  static String size(Double value) {
    if (value == null || !Double.isFinite(value)) {
      return NONE;
    }
    double size = Math.abs(value);
    if (size != 0 && (size < 0.001 || size >= 1e5)) {
      return String.format(Locale.ROOT, "%.1e", value);
    }
    return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.3f", value);
  }

  /** How many times as much. */
  static String ratio(Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.2f", value);
  }

  /** As short as it can be told, for an axis: {@code 0.25}, {@code 1e-4}. */
  static String axis(double value) {
    if (value == 0) {
      return "0";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(3)).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    return exponent < -3 || exponent > 5
        ? rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString() + "e" + exponent
        : rounded.toPlainString();
  }

  /** The last part of a model's URI. */
  static String model(String uri) {
    String trimmed = uri.replaceAll("/+$", "");
    return trimmed.substring(Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf(':')) + 1);
  }

  /** A rank: whole, or halved by a tie. */
  static String rank(Double value) {
    return value == null
        ? NONE
        : String.format(Locale.ROOT, value % 1 == 0 ? "%.0f" : "%.2f", value);
  }

  static String count(Integer value) {
    return value == null ? NONE : value.toString();
  }

  static String text(String value) {
    return value == null ? NONE : value;
  }

  static String status(TrialStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
