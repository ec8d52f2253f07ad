package io.buttress.study;

/** Quotes what a study says in messages about it, cut to a length that keeps them readable. */
final class Quote {
  private static final int LONGEST = 80;

  private Quote() {}

  static String of(String text) {
    return '"' + bare(text) + '"';
  }

  /** Without quotation marks; control characters, such as line ends, become spaces. */
  static String bare(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
