package io.buttress.method;

import io.buttress.model.EncoderConfig;
import io.buttress.study.Method;
import io.buttress.study.Problem;
import java.util.List;

/** Holds what a method's parameters ask for against an encoder. */
@FunctionalInterface
interface EncoderCheck {
  /**
   * What a setting asks for and the encoder does not have; none when it can be used.
   *
   * @param model the encoder's name, for messages
   */
  List<Problem> problems(Method method, String model, EncoderConfig config);

  /** The check of a method whose {@code n} counts layers. */
  static List<Problem> layers(Method method, String model, EncoderConfig config) {
    return method.integer("n", 0) <= config.layers()
        ? List.of()
        : List.of(problem(method, "n", model + " has " + config.layers() + " layers"));
  }

  static Problem problem(Method method, String parameter, String message) {
    return new Problem(method.id() + "." + parameter, message);
  }
}
