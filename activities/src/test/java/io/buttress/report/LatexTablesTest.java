package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import org.junit.jupiter.api.Test;

class LatexTablesTest {
  private static final String HOSTILE = "\\input{x} $5 & 3% #1 a_b ~^ {<\"|\n\\\\";

  @Test
  void marksBestAndSecondAndGivesDeviations() throws Exception {
    List<TrialResult> trials = new ArrayList<>();
    for (int seed = 1; seed <= 5; seed++) {
      trials.add(Results.done("a", "stl", seed, Map.of("accuracy", 0.6)));
      trials.add(Results.done("a", "wc", seed, Map.of("accuracy", 0.8)));
      trials.add(Results.done("a", "r3f", seed, Map.of("accuracy", 0.70 + seed / 100.0)));
    }
    trials.add(Results.ended("a", "lp", 1, TrialStatus.ERROR));

    assertThat(tex("s", trials, "a"))
        .contains("stl & 0.600 $\\pm$ 0.000 \\\\")
        .contains("wc & \\textbf{0.800} $\\pm$ 0.000 \\\\")
        .contains("r3f & \\underline{0.730} $\\pm$ 0.016 \\\\")
        .contains("lp & -- \\\\");
  }

  @Test
  void isWellFormedWhateverTheStudyNames() throws Exception {
    TrialResult trial = Results.done(HOSTILE, HOSTILE, 1, Map.of("accuracy", 0.7));
    trial.parameters().put(HOSTILE, HOSTILE);
    TrialResult other = Results.done(HOSTILE, HOSTILE, 1, Map.of("accuracy", 0.6));
    other.parameters().put(HOSTILE, "x");

    String tex = tex(HOSTILE, List.of(trial, other), HOSTILE);

    assertWellFormed(tex);
    assertThat(tex)
        .contains("\\textbackslash{}input\\{x\\} \\$5 \\& 3\\% \\#1 a\\_b")
        .doesNotContain("\\input{x}");
  }

  // Tries hundreds of names.
  @Tag("slow")
  @Property(tries = 300)
  void noNameOfAMethodBreaksATable(@ForAll String name) throws Exception {
    assertWellFormed(tex("s", List.of(Results.done("a", name, 1, Map.of("accuracy", 0.7))), "a"));
  }

  @Test
  void manyTasksAreSeveralTables() throws Exception {
    List<TrialResult> trials = new ArrayList<>();
    String[] tasks = new String[13];
    for (int i = 0; i < tasks.length; i++) {
      tasks[i] = "task" + i;
      trials.add(Results.done(tasks[i], "stl", 1, Map.of("accuracy", 0.6)));
    }
    String tex = tex("s", trials, tasks);

    assertWellFormed(tex);
    assertThat(tex.split(Pattern.quote("\\begin{table}"), -1)).hasSize(1 + 3);
    assertThat(tex).contains(tasks);
  }

  @Test
  void samplesAreWellFormed() throws Exception {
    StudyReport report = RegimesStudy.report();
    String tex =
        ReportText.latex(
            LatexTables.of(report.study(), report.tables().comparisons(), report.selects()));

    Files.writeString(Path.of("target", "sample-tables.tex"), tex);
    assertWellFormed(tex);
    assertThat(tex.split(Pattern.quote("\\begin{table}"), -1)).hasSize(1 + 5);
    assertThat(tex).contains("repina-i (lambda=0.01) & ");
  }

  /** Environments and braces close in order, and every row has a cell for each column. */
  private static void assertWellFormed(String tex) {
    Deque<String> open = new ArrayDeque<>();
    String bare = tex.replaceAll("(?m)^%.*$", "");
    Matcher environment = Pattern.compile("\\\\(begin|end)\\{(\\w+)}").matcher(bare);
    while (environment.find()) {
      if (environment.group(1).equals("begin")) {
        open.push(environment.group(2));
      } else {
        assertThat(open.pop()).isEqualTo(environment.group(2));
      }
    }
    assertThat(open).isEmpty();
    int depth = 0;
    // A backslash before any other character makes that character an ordinary one.
    String unescaped = bare.replaceAll("\\\\[^A-Za-z]", "");
    for (char c : unescaped.toCharArray()) {
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      assertThat(depth).isNotNegative();
    }
    assertThat(depth).isZero();
    assertThat(unescaped.replace("$\\pm$", "")).doesNotContain("$", "#", "%", "^", "~");
    assertThat(unescaped).doesNotContain("_");
    for (String table : bare.split(Pattern.quote("\\begin{tabular}{l"))) {
      Matcher columns = Pattern.compile("^(r+)}(.*?)\\\\end", Pattern.DOTALL).matcher(table);
      if (columns.find()) {
        List<String> rows =
            columns.group(2).lines().filter(line -> line.endsWith(" \\\\")).toList();
        assertThat(rows)
            .hasSizeGreaterThan(2)
            .allMatch(row -> row.split("(?<!\\\\)&", -1).length == 1 + columns.group(1).length());
      }
    }
  }

  private static String tex(String study, List<TrialResult> trials, String... tasks)
      throws IOException {
    List<ReportedTask> reported = new ArrayList<>();
    for (String task : tasks) {
      reported.add(new ReportedTask(task, TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 100));
    }
    return ReportText.latex(
        LatexTables.of(
            study,
            TrialAggregation.comparisons(trials, reported, false, trial -> Optional.empty()),
            false));
  }
}
