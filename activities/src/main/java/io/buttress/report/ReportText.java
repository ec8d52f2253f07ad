package io.buttress.report;

import com.samskivert.mustache.Escapers;
import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The report's page, its Markdown and its LaTeX, from templates that escape every value. */
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

  private static final Map<Character, String> LATEX =
      Map.ofEntries(
          Map.entry('\\', "\\textbackslash{}"),
          // After a \\ that ends a line, LaTeX reads [ and * as its arguments.
          Map.entry('[', "{[}"),
          Map.entry('*', "{*}"),
          Map.entry('{', "\\{"),
          Map.entry('}', "\\}"),
          Map.entry('$', "\\$"),
          Map.entry('&', "\\&"),
          Map.entry('#', "\\#"),
          Map.entry('%', "\\%"),
          Map.entry('_', "\\_"),
          Map.entry('~', "\\textasciitilde{}"),
          Map.entry('^', "\\textasciicircum{}"),
          Map.entry('<', "\\textless{}"),
          Map.entry('>', "\\textgreater{}"),
          Map.entry('|', "\\textbar{}"));

  private ReportText() {}

  /** One file that needs no other. */
  static String html(ReportView view) throws IOException {
    return render("report.html", Escapers.HTML, view);
  }

  static String markdown(ReportView view) throws IOException {
    return render("report.md", MARKDOWN, view);
  }

  static String latex(LatexTables tables) throws IOException {
    return render("tables.tex", ReportText::escapeLatex, tables);
  }

  /** Control characters, line breaks above all, become spaces. */
  private static String escapeLatex(String raw) {
    StringBuilder escaped = new StringBuilder();
    for (char c : raw.toCharArray()) {
      String plain = Character.isISOControl(c) ? " " : String.valueOf(c);
      escaped.append(LATEX.getOrDefault(c, plain));
    }
    return escaped.toString();
  }

  static String render(String template, Mustache.Escaper escaper, Object view) throws IOException {
    try (Reader text = resource(template)) {
      return Mustache.compiler()
          .withLoader(ReportText::resource)
          .withDelims(template.endsWith(".tex") ? "<< >>" : "{{ }}")
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
