package io.buttress.method;

import io.buttress.model.Part;

/** {@code bitfit}: only biases and the head are trained (Ben-Zaken, Ravfogel and Goldberg 2022). */
final class BitFit implements FineTuningMethod {

  @Override
  public boolean trains(String parameter) {
    return parameter.endsWith(".bias") || Part.of(parameter).kind() == Part.Kind.HEAD;
  }
}
