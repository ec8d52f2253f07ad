package io.buttress.source;

import java.time.Duration;

/**
 * How calls of a server that fails are tried again.
 *
 * @param firstDelay before the second try; doubles from then on
 * @param patience after which a call gives up
 * @param stall how long a download may stand still
 */
record Pace(Duration firstDelay, Duration longestDelay, Duration patience, Duration stall) {
  static final Pace DEFAULT =
      new Pace(
          Duration.ofMillis(500),
          Duration.ofSeconds(20),
          Duration.ofMinutes(2),
          Duration.ofSeconds(60));
}
