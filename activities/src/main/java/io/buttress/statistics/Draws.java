package io.buttress.statistics;

import io.buttress.study.Seeds;
import java.util.SplittableRandom;

/** What a bootstrap draws, with replacement, for each of its resamples. */
public interface Draws {
  /** The same for the same resample and number, whatever else was drawn. */
  Draws SEEDED =
      (what, resample, n) ->
          new SplittableRandom(Seeds.derive(0, "bootstrap " + what, resample))
              .ints(n, 0, Math.max(1, n))
              .toArray();

  /**
   * @param what is drawn
   * @return n numbers from 0 to n - 1
   */
  int[] draw(String what, int resample, int n);
}
