package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a study or its data say stays text in every file of the report. */
final class HostileStudyTest {
  private static final String HARMLESS = "harmless";
  private static final Pattern TAG = Pattern.compile("<[^>]*>");
  private static final Pattern NAME = Pattern.compile("</?[!a-zA-Z0-9]+|[a-zA-Z-]+(?==)");
  private static final Pattern VALUE = Pattern.compile("\"[^\"]*\"");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)\" x=\"",
        "' onload='alert(1)",
        "</style></title><svg/onload=alert(1)>",
        "-->]]><!--",
        "javascript:alert(1)",
        "{{study}}{{{study}}}{{>report.html}}",
        "&lt;b&gt;"
      })
  void thePageHasNoOtherTagsThanThatOfAHarmlessStudy(String text) throws Exception {
    String page = ReportText.html(view(text));
    assertThat(tags(page)).isEqualTo(tags(ReportText.html(view(HARMLESS))));
    assertThat(page).doesNotContainPattern("(?i)href\\s*=\\s*[\"']?\\s*javascript:");
  }

  @Test
  void thePageMayRunAndLoadNothing() throws Exception {
    assertThat(ReportText.html(view(HARMLESS)))
        .contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
        .doesNotContain("<script");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[x](javascript:alert(1))",
        "![x](http://192.0.2.1/x.png)",
        "<script>alert(1)</script>",
        "a | b | c",
        "a\n# heading\n- item",
        "a\r\n\r\n| b |",
        "**bold** _em_ `code`"
      })
  void theMarkdownHasTheLinesAndCellsOfAHarmlessStudy(String text) throws Exception {
    String markdown = ReportText.markdown(view(text));
    assertThat(shape(markdown)).isEqualTo(shape(ReportText.markdown(view(HARMLESS))));
    assertThat(markdown)
        .doesNotContain("<script")
        .doesNotContainPattern("(?<!\\\\)(]\\(|\\*\\*bold|_em|`code)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "=HYPERLINK(\"http://192.0.2.1/\",\"x\")",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+cmd",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1",
        "a,\"b\"\n=1"
      })
  void noTextOfTheTableIsAFormula(String text) throws Exception {
    TrialResult trial = trial(text);
    CSVFormat format = CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get();
    try (CSVParser csv = CSVParser.parse(TrialsCsv.text(List.of(trial)), format)) {
      CSVRecord row = csv.getRecords().get(0);
      for (String column : List.of("task", "method", "failure")) {
        assertThat(row.get(column)).doesNotMatch("(?s)\\s*[=+\\-@].*").endsWith(text);
      }
      // Numbers stay numbers.
      assertThat(row.get("validation.accuracy")).isEqualTo("-0.7");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\input{/etc/passwd}",
        "\\write18{id}",
        "}\\end{tabular}\\input{x}",
        "$x$ & y \\\\ z",
        "% comment",
        "a\n\\input{x}",
        "[1pt] x",
        "* x"
      })
  void theTablesHaveTheCommandsOfAHarmlessStudy(String text) throws Exception {
    String latex = latex(text);
    assertThat(latex)
        .doesNotContain("\\input{x", "\\input{/", "\\write18", "}\\end{tabular}\\")
        .doesNotContainPattern("\\\\\\\\\\s*[\\[*]");
    assertThat(count(latex, "(?<!\\\\)&")).isEqualTo(count(latex(HARMLESS), "(?<!\\\\)&"));
    assertThat(count(latex, "(?<!\\\\)%")).isEqualTo(count(latex(HARMLESS), "(?<!\\\\)%"));
    assertThat(latex.lines()).hasSameSizeAs(latex(HARMLESS).lines().toList());
    assertThat(count(latex, "(?<!\\\\)\\{")).isEqualTo(count(latex, "(?<!\\\\)\\}"));
  }

  private static List<String> tags(String page) {
    return TAG.matcher(page)
        .results()
        .map(MatchResult::group)
        .map(tag -> VALUE.matcher(tag).replaceAll(""))
        .map(tag -> String.join(" ", NAME.matcher(tag).results().map(MatchResult::group).toList()))
        .toList();
  }

  /** For each line its number of cells. */
  private static List<Integer> shape(String markdown) {
    return markdown.lines().map(line -> line.split("(?<!\\\\)\\|", -1).length).toList();
  }

  private static long count(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().count();
  }

  private static List<ReportedTask> tasks(String text) {
    return List.of(new ReportedTask(text, TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000));
  }

  private static TrialResult trial(String text) {
    TrialResult trial = Results.of(text, text, 1, TrialStatus.DONE, text, Map.of("accuracy", -0.7));
    trial.parameters().put(text, text);
    return trial;
  }

  private static StudyReport report(String text) {
    return StudyReport.of(
        text, SampleStudy.KEY, new ArrayList<>(List.of(trial(text))), tasks(text));
  }

  private static ReportView view(String text) {
    return ReportView.of(report(text), tasks(text), Map.of());
  }

  private static String latex(String text) throws Exception {
    return ReportText.latex(LatexTables.of(text, report(text).tables().comparisons(), false));
  }
}
