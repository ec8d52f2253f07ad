package io.buttress.study;

/** Quotes what a study says in messages about it, cut to a length that keeps them readable. */
public final class Quote {
  private static final int LONGEST = 80;

  private Quote() {}

  static String of(String text) {
    return '"' + bare(text) + '"';
  }

  /** Without quotation marks; control characters, such as line ends, become spaces. */
  static String bare(String text) {
    return line(text, LONGEST);
  }

  /**
   * Text of any origin, on one line.
   *
   * @param longest in characters; what is longer is cut
   */
  public static String line(String text, int longest) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= longest ? line : line.substring(0, longest) + "...";
  }
}
