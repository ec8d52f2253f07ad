package io.buttress.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bfloat16Test {
  @Test
  void measuresWhatItCosts() {
    assertThat(Bfloat16.relativeTime()).isBetween(0.01, 1000.0);
  }
}
