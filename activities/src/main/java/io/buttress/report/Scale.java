package io.buttress.report;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;

/**
 * What an axis spans, in powers of ten if it is logarithmic.
 *
 * @param ticks round numbers within
 */
record Scale(double from, double to, boolean logarithmic, List<Double> ticks) {
  private static final double MARGIN = 0.04;
  private static final int[] ROUND = {1, 2, 5};

  /**
   * @param values all above 0 on a logarithmic axis
   * @param most ticks that there is room for
   */
  static Scale of(DoubleSummaryStatistics values, boolean logarithmic, int most) {
    double least = logarithmic ? Math.log10(values.getMin()) : values.getMin();
    double greatest = logarithmic ? Math.log10(values.getMax()) : values.getMax();
    double span = greatest - least;
    double margin = span > 0 ? MARGIN * span : Math.max(MARGIN * Math.abs(least), MARGIN);
    double from = least - margin;
    double to = greatest + margin;
    return new Scale(
        from, to, logarithmic, logarithmic ? powers(from, to, most) : multiples(from, to, most));
  }

  /** From 0 at the start to 1 at the end. */
  double place(double value) {
    return ((logarithmic ? Math.log10(value) : value) - from) / (to - from);
  }

  /** Multiples of 1, 2 or 5 times a power of ten. */
  private static List<Double> multiples(double from, double to, int most) {
    for (int power = (int) Math.floor(Math.log10((to - from) / most)); ; power++) {
      for (int leading : ROUND) {
        double step = leading * Math.pow(10, power);
        long first = (long) Math.ceil(from / step);
        long last = (long) Math.floor(to / step);
        if (last - first < most) {
          List<Double> ticks = new ArrayList<>();
          for (long i = first; i <= last; i++) {
            ticks.add(i * step);
          }
          return ticks;
        }
      }
    }
  }

  /** Powers of ten, with 2 and 5 times these if there is room; of a short span other numbers. */
  private static List<Double> powers(double from, double to, int most) {
    List<Double> ticks = new ArrayList<>();
    List<Double> decades = new ArrayList<>();
    for (int power = (int) Math.floor(from); power <= to; power++) {
      for (int leading : ROUND) {
        double tick = leading * Math.pow(10, power);
        if (Math.log10(tick) >= from && Math.log10(tick) <= to) {
          ticks.add(tick);
          if (leading == 1) {
            decades.add(tick);
          }
        }
      }
    }
    if (ticks.size() < 2) {
      return multiples(Math.pow(10, from), Math.pow(10, to), most);
    }
    if (ticks.size() <= most) {
      return ticks;
    }
    int every = (decades.size() + most - 1) / most;
    return decades.stream().filter(tick -> decades.indexOf(tick) % every == 0).toList();
  }
}
