package io.buttress.access;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Credentials that requests to a server hold, and that the server may repeat in its answers: kept
 * out of messages and logs.
 */
public final class Secrets {
  public static final Secrets NONE = new Secrets();

  private static final String HIDDEN = "***";

  private final List<String> values;

  /**
   * @param values null and empty ones are left out
   */
  public Secrets(String... values) {
    this.values =
        Arrays.stream(values)
            .filter(Objects::nonNull)
            .filter(value -> !value.isEmpty())
            .flatMap(Secrets::spellings)
            .distinct()
            // The longest first, so that one which contains another is hidden whole.
            .sorted(Comparator.comparing(String::length).reversed())
            .toList();
  }

  private static Stream<String> spellings(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        value,
        URLEncoder.encode(value, StandardCharsets.UTF_8),
        Base64.getEncoder().withoutPadding().encodeToString(bytes));
  }

  /** The text with every secret replaced by asterisks. */
  public String hide(String text) {
    String shown = text;
    for (String value : values) {
      shown = shown.replace(value, HIDDEN);
    }
    return shown;
  }

  /** Whether a secret is in the text of an exception or of one of its causes. */
  public boolean areIn(Throwable problem) {
    for (Throwable t = problem; t != null; t = t.getCause()) {
      String text = t.toString();
      if (!hide(text).equals(text)) {
        return true;
      }
    }
    return false;
  }

  /** The exception, or one with its text but without secrets, if it or a cause has any. */
  public IOException hide(IOException problem) {
    return areIn(problem) ? new IOException(hide(problem.toString())) : problem;
  }
}
