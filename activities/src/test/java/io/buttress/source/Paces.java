package io.buttress.source;

import java.time.Duration;

/** Of tests, which do not wait as long as people do. */
final class Paces {
  /** Bears with a server that soon recovers. */
  static final Pace QUICK =
      new Pace(
          Duration.ofMillis(5),
          Duration.ofMillis(50),
          Duration.ofSeconds(20),
          Duration.ofSeconds(2));

  /** Gives up soon. */
  static final Pace IMPATIENT =
      new Pace(
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofMillis(200),
          Duration.ofSeconds(5));

  private Paces() {}
}
