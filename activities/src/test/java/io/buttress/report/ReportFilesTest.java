package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

class ReportFilesTest {
  private static final StudyReport REPORT = SampleStudy.report();
  private static final String HOSTILE = "<script>alert('x')</script>|\"&{{study}}";

  @Test
  void jsonHoldsTheContract() throws Exception {
    JsonNode json = Json.MAPPER.readTree(REPORT.json());

    assertThat(json.get("study").asText()).isEqualTo("repina-on-small-glue");
    assertThat(json.get("studyKey").asText()).matches("[0-9a-f]{64}");
    assertThat(json.get("tables").get("comparisons")).hasSize(3);
    assertThat(json.get("tables").get("overall")).hasSize(1);
    assertThat(json.get("tables").get("stability")).hasSize(1);
    assertThat(json.get("trials")).hasSize(60);
    for (JsonNode trial : json.get("trials")) {
      assertThat(names(trial))
          .containsExactlyInAnyOrder(
              "model",
              "task",
              "method",
              "parameters",
              "regime",
              "seed",
              "status",
              "failure",
              "steps",
              "trainSeconds",
              "examplesPerSecond",
              "selection",
              "validation",
              "test",
              "outOfDistribution",
              "flipped",
              "collapse",
              "mlflowRunId",
              "modelUri",
              "fingerprint",
              "selected");
      for (String text : List.of("model", "task", "method", "regime", "status")) {
        assertThat(trial.get(text).asText()).isNotEmpty();
      }
      assertThat(trial.get("status").asText()).isIn("done", "diverged", "error", "cancelled");
      assertThat(trial.get("parameters").isObject()).isTrue();
      assertThat(trial.get("seed").isIntegralNumber()).isTrue();
      assertThat(trial.get("fingerprint").asText()).matches("[0-9a-f]{64}");
      for (String maybe : List.of("failure", "mlflowRunId", "modelUri")) {
        assertThat(trial.get(maybe).isNull() || trial.get(maybe).isTextual()).isTrue();
      }
      if (trial.get("status").asText().equals("done")) {
        for (String number : List.of("steps", "trainSeconds", "examplesPerSecond")) {
          assertThat(trial.get(number).isNumber()).isTrue();
        }
        assertThat(trial.get("validation")).isNotEmpty().allMatch(ReportFilesTest::numberOrNull);
        for (String side : List.of("pretrained", "finetuned")) {
          JsonNode metrics = trial.get("collapse").get(side);
          assertThat(names(metrics))
              .contains("gm_5", "hm_5", "effective_rank", "mean_cosine", "cka_pretrained");
          assertThat(metrics).allMatch(ReportFilesTest::numberOrNull);
        }
      }
    }
  }

  @Test
  void jsonHasNullForNumbersThatAreNotFinite() throws Exception {
    JsonNode trial = Json.MAPPER.readTree(REPORT.json()).get("trials").get(0);

    assertThat(REPORT.trials().get(0).collapse().finetuned().get("gm_100")).isNaN();
    assertThat(trial.at("/collapse/finetuned/gm_100").isNull()).isTrue();
  }

  @Test
  void csvHasOneRowATrialAndAColumnAField() throws Exception {
    CSVFormat format = CSVFormat.RFC4180.builder().setHeader().setSkipHeaderRecord(true).get();
    try (CSVParser csv = CSVParser.parse(TrialsCsv.text(REPORT.trials()), format)) {
      List<CSVRecord> rows = csv.getRecords();

      assertThat(rows).hasSize(60);
      assertThat(csv.getHeaderNames())
          .startsWith("model", "task", "method", "regime", "seed", "status")
          .contains(
              "parameters.lambda",
              "validation.accuracy",
              "outOfDistribution.out_of_domain_dev.matthews",
              "collapse.finetuned.effective_rank")
          .doesNotContain("validation", "collapse")
          .doesNotHaveDuplicates();
      assertThat(rows.get(5).get("parameters.layers")).isEqualTo("[-1]");
      double accuracy = REPORT.trials().get(5).validation().get("accuracy");
      assertThat(rows.get(5).get("validation.accuracy")).isEqualTo(Double.toString(accuracy));
      assertThat(rows.get(5).get("validation.matthews")).isEmpty();
    }
  }

  @Test
  void pageEscapesWhateverTheStudyNames() throws Exception {
    String html = ReportText.html(hostile());

    assertThat(html)
        .doesNotContain("<script")
        .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")
        .contains("{{study}}");
  }

  @Test
  void markdownKeepsItsTablesWhateverTheStudyNames() throws Exception {
    String markdown = ReportText.markdown(hostile());

    assertThat(markdown).doesNotContain("<script").contains("&lt;script>alert('x')&lt;/script>\\|");
    List<String> table = markdown.lines().dropWhile(line -> !line.startsWith("| task |")).toList();
    assertThat(table).hasSizeGreaterThan(2).allMatch(row -> columns(row) == columns(table.get(0)));
  }

  @Test
  void pageNeedsNothingFromElsewhere() throws Exception {
    String html = ReportText.html(ReportView.of(REPORT, SampleStudy.TASKS, SampleStudy.spectra()));

    assertThat(html)
        .doesNotContainPattern("(src|href)\\s*=\\s*\"(?!#)")
        .doesNotContain("url(", "@import", "<link", "http:", "https:");
    assertThat(html).contains("prefers-color-scheme: dark", "name=\"viewport\"");
  }

  @Test
  void pageShowsTablesRunsSpectraAndTrials() throws Exception {
    String html = ReportText.html(ReportView.of(REPORT, SampleStudy.TASKS, SampleStudy.spectra()));

    assertThat(html).contains("60 trials: 58 done, 1 diverged, 1 error");
    // Runs, and the mean ranks of four settings.
    assertThat(count(html, "%\" r=\"4.5\"")).isEqualTo(58 + 4);
    assertThat(count(html, "class=\"cross\"")).isEqualTo(1);
    // On each of three tasks: the pre-trained encoder and four settings.
    assertThat(count(html, "<polyline class=\"k")).isEqualTo(15);
    assertThat(count(html, "class=\"second\"")).isEqualTo(4);
    assertThat(html).contains("out of memory in step 3", "1 (1 diverged, 0 degenerate)");
    assertThat(html).doesNotContain("NaN,", "Infinity");
  }

  @Test
  void pageOfAStudyWithRegimesHasTheirCurves() throws Exception {
    String html =
        ReportText.html(ReportView.of(RegimesStudy.report(), RegimesStudy.TASKS, Map.of()));

    Files.writeString(Path.of("target", "sample-report.html"), html);
    assertThat(html).contains("id=\"few-shot\"", "id=\"label-noise\"");
    // Few-shot curves of three tasks and noise curves of two; on each of 13 tasks and regimes two
    // for lambda, two for p and one of all runs.
    assertThat(count(html, "<figure>")).isEqualTo(5 + 13 * 5);
    assertThat(html)
        .doesNotContainPattern("(src|href)\\s*=\\s*\"(?!#)")
        .doesNotContain("url(", "http:", "https:", "NaN,", "Infinity");
  }

  @Test
  void furtherSetsHaveATableWhereThereAreAny() throws Exception {
    ReportView view = ReportView.of(REPORT, SampleStudy.TASKS, Map.of());

    // One of three tasks has such a set.
    assertThat(count(ReportText.html(view), ">out_of_domain_dev</th>")).isEqualTo(1);
    assertThat(count(ReportText.markdown(view), "| out\\_of\\_domain\\_dev |")).isEqualTo(1);
    assertThat(view.tasks().get(1).outOfDistribution().rows())
        .flatExtracting(ResultTable.Row::cells)
        .filteredOn(ResultTable.Cell::best)
        .hasSize(1);
  }

  @Test
  void stabilityHasARowForEachSetting() throws Exception {
    ReportView view = ReportView.of(REPORT, SampleStudy.TASKS, Map.of());

    assertThat(view.stability()).hasSize(1);
    StabilityTable.Row stl = view.stability().get(0).methods().get(0);
    assertThat(stl.runs()).isEqualTo(15);
    assertThat(stl.diverged()).isEqualTo(1);
    assertThat(stl.relative()).isEqualTo("1.00");
    List<String> table =
        ReportText.markdown(view)
            .lines()
            .dropWhile(line -> !line.contains("relative to stl |"))
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    assertThat(table).hasSize(6).allMatch(row -> columns(row) == 12);
  }

  @Test
  void ranksHaveAPlotOrALineThatTellsWhyNot() throws Exception {
    ReportView plotted = ReportView.of(REPORT, SampleStudy.TASKS, Map.of());
    assertThat(ReportText.html(plotted)).contains("critical difference", "class=\"alike\"");
    assertThat(ReportText.markdown(plotted)).contains("Nemenyi");

    List<ReportedTask> tasks =
        List.of(
            SampleStudy.TASKS.get(0),
            SampleStudy.TASKS.get(1),
            new ReportedTask(
                "stsb", TaskKind.REGRESSION, List.of("pearson"), 0.0, 2000, "of no use"));
    List<TrialResult> two =
        REPORT.trials().stream().filter(trial -> !trial.method().equals("repina-i")).toList();
    ReportView refused =
        ReportView.of(StudyReport.of("s", SampleStudy.KEY, two, tasks), tasks, Map.of());
    assertThat(ReportText.html(refused))
        .contains("needs two tasks and three methods", "stsb does not count here: of no use.");
    assertThat(ReportText.markdown(refused))
        .contains("needs two tasks and three methods", "stsb does not count here: of no use.");
  }

  @Test
  void testsHaveColumnsWhereThereAreTasksEnough() throws Exception {
    List<ReportedTask> tasks = new ArrayList<>();
    List<TrialResult> trials = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      String id = "task" + i;
      tasks.add(new ReportedTask(id, TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000));
      trials.add(Results.done(id, "stl", 1, Map.of("accuracy", 0.6)));
      trials.add(Results.done(id, "wc", 1, Map.of("accuracy", 0.61 + i / 100.0)));
    }
    StudyReport report = StudyReport.of("tests", SampleStudy.KEY, trials, tasks);
    ReportView view = ReportView.of(report, tasks, Map.of());

    Files.writeString(Path.of("target", "sample-tests.html"), ReportText.html(view));
    assertThat(ReportText.html(view)).contains("p against stl</th>", "descriptive only");
    List<String> table =
        ReportText.markdown(view)
            .lines()
            .dropWhile(line -> !line.contains("| p against stl |"))
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    assertThat(table)
        .hasSize(4)
        .allMatch(row -> columns(row) == 10)
        .last()
        .asString()
        .contains("0.031");
    assertThat(ReportText.html(ReportView.of(REPORT, SampleStudy.TASKS, Map.of())))
        .doesNotContain("p against stl");
  }

  @Test
  void wrongLabelsHaveATableWhereThereAreAny() throws Exception {
    ReportView view = ReportView.of(RegimesStudy.report(), RegimesStudy.TASKS, Map.of());

    // Two tasks with two fractions each.
    assertThat(count(ReportText.html(view), ">memorized</th>")).isEqualTo(4);
    String markdown = ReportText.markdown(view);
    assertThat(count(markdown, "| memorized | recovered |")).isEqualTo(4);
    List<String> table =
        markdown
            .lines()
            .dropWhile(line -> !line.contains("| memorized |"))
            .takeWhile(line -> line.startsWith("|"))
            .toList();
    // A head, its rule and 13 settings.
    assertThat(table).hasSize(15).allMatch(row -> columns(row) == 6);
  }

  @Test
  void pageOfAStudyWithoutAResultIsStillAPage() throws Exception {
    TrialResult cancelled = Results.ended("a", "stl", 1, TrialStatus.CANCELLED);
    List<ReportedTask> tasks =
        List.of(new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), null, 2000));
    StudyReport report = StudyReport.of("s", SampleStudy.KEY, List.of(cancelled), tasks);

    String html = ReportText.html(ReportView.of(report, tasks, Map.of()));

    assertThat(html)
        .contains("1 trial: 1 cancelled")
        .doesNotContain("<polyline", "<circle", "<figure");
  }

  private static ReportView hostile() {
    List<ReportedTask> tasks =
        List.of(new ReportedTask(HOSTILE, TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000));
    TrialResult trial =
        Results.of(HOSTILE, HOSTILE, 1, TrialStatus.DONE, HOSTILE, Map.of("accuracy", 0.7));
    trial.parameters().put(HOSTILE, HOSTILE);
    StudyReport report = StudyReport.of(HOSTILE, SampleStudy.KEY, List.of(trial), tasks);
    return ReportView.of(report, tasks, Map.of());
  }

  private static boolean numberOrNull(JsonNode value) {
    return value.isNull() || value.isNumber() && Double.isFinite(value.doubleValue());
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  private static int columns(String row) {
    return row.split("(?<!\\\\)\\|", -1).length;
  }
}
