package io.buttress.study;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses what a misspelt name was meant to be. */
final class Nearest {
  private Nearest() {}

  /** {@code "; did you mean X?"}, or the known names, or nothing when there are none. */
  static String hint(String name, Collection<String> known) {
    if (known.isEmpty()) {
      return "";
    }
    Comparator<String> byDistance =
        Comparator.<String>comparingInt(candidate -> distance(name, candidate))
            .thenComparingInt(candidate -> Math.abs(name.length() - candidate.length()));
    Optional<String> nearest = known.stream().min(byDistance);
    return nearest
        .filter(candidate -> distance(name, candidate) <= Math.max(1, (candidate.length() + 1) / 3))
        .map(candidate -> "; did you mean " + candidate + "?")
        .orElse("; known: " + String.join(", ", known));
  }

  /** Levenshtein distance, ignoring case; names that are far too long are simply far. */
  private static int distance(String a, String b) {
    if (a.length() > 2 * b.length() + 2) {
      return a.length();
    }
    String left = a.toLowerCase(Locale.ROOT);
    String right = b.toLowerCase(Locale.ROOT);
    int[] row = new int[right.length() + 1];
    for (int j = 0; j <= right.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= right.length(); j++) {
        int substituted = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[right.length()];
  }
}
