package io.buttress.study;

/**
 * Something wrong with a study.
 *
 * @param path where, as in {@code methods[1].lambda}; empty for the study as a whole
 */
public record Problem(String path, String message) {
  @Override
  public String toString() {
    return path.isEmpty() ? message : path + ": " + message;
  }
}
