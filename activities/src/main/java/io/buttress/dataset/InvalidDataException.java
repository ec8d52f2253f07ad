package io.buttress.dataset;

import io.buttress.activity.Failures;
import io.buttress.failure.Permanent;

/**
 * A data file that cannot be used as it is. The message has the form {@code uri:line: what}, or
 * {@code uri: what} for the file as a whole, and never quotes the file's text.
 */
public final class InvalidDataException extends RuntimeException implements Permanent {
  private static final long serialVersionUID = 1L;
  private final String file;
  private final int line;

  /**
   * @param file URI, as the study names it
   * @param line physical line (Parquet: row), from 1; 0 for the file as a whole
   */
  public InvalidDataException(String file, int line, String message) {
    super(file + (line > 0 ? ":" + line : "") + ": " + message);
    this.file = file;
    this.line = line;
  }

  public String file() {
    return file;
  }

  public int line() {
    return line;
  }

  @Override
  public String type() {
    return Failures.INVALID_DATA;
  }
}
