package io.buttress.report;

import com.samskivert.mustache.Escapers;
import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;

/** The report's page and its Markdown, from templates that escape every value. */
final class ReportText {
  private static final Mustache.Escaper MARKDOWN =
      Escapers.simple(
          new String[][] {
            {"\\", "\\\\"},
            {"|", "\\|"},
            {"<", "&lt;"},
            {"`", "\\`"},
            {"*", "\\*"},
            {"_", "\\_"},
            {"[", "\\["},
            {"]", "\\]"},
            {"#", "\\#"},
            {"\n", " "},
            {"\r", " "}
          });

  private ReportText() {}

  /** One file that needs no other. */
  static String html(ReportView view) throws IOException {
    return render("report.html", Escapers.HTML, view);
  }

  static String markdown(ReportView view) throws IOException {
    return render("report.md", MARKDOWN, view);
  }

  private static String render(String template, Mustache.Escaper escaper, ReportView view)
      throws IOException {
    try (Reader text = resource(template)) {
      return Mustache.compiler()
          .withLoader(ReportText::resource)
          .withEscaper(escaper)
          .emptyStringIsFalse(true)
          .nullValue("")
          .compile(text)
          .execute(view);
    }
  }

  private static Reader resource(String name) {
    InputStream in = ReportText.class.getResourceAsStream(name);
    return new InputStreamReader(in, StandardCharsets.UTF_8);
  }
}
