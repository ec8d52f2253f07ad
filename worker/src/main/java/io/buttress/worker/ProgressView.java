package io.buttress.worker;

import io.buttress.study.StudyProgress;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows a study's progress: a bar on a terminal, a line per change elsewhere. */
final class ProgressView implements AutoCloseable {
  private final PrintStream out;
  private final boolean terminal;
  private ProgressBar bar;
  private String lastLine = "";

  ProgressView(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /**
   * @param detail what the first running trial does now, or an empty text
   */
  void show(StudyProgress progress, String detail) {
    if (progress.planned() == 0) {
      line("planning, preparing data");
      return;
    }
    int ended = progress.done() + progress.failed();
    if (!terminal) {
      String failed = progress.failed() == 0 ? "" : ", " + progress.failed() + " failed";
      String eta =
          progress.etaSeconds() == null
              ? ""
              : String.format(Locale.ROOT, ", about %s left", duration(progress.etaSeconds()));
      String paused = progress.paused() ? ", paused" : "";
      line(
          String.format(
              Locale.ROOT,
              "%d of %d trials ended%s%s%s",
              ended,
              progress.planned(),
              failed,
              eta,
              paused));
      return;
    }
    if (bar == null) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("trials")
              .setInitialMax(progress.planned())
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(500)
              .build();
    }
    // Refits join the trials once they are chosen.
    bar.maxHint(progress.planned());
    bar.stepTo(ended);
    bar.setExtraMessage(
        (progress.failed() == 0 ? "" : progress.failed() + " failed  ")
            + (progress.paused() ? "paused  " : "")
            + detail);
  }

  /** A running trial in one line. */
  static String describe(StudyProgress.Running trial, StudyClient.Activity activity) {
    String where =
        activity.position() == null || activity.position().steps() == 0
            ? activity.name()
            : String.format(
                Locale.ROOT,
                "step %d/%d%s",
                activity.position().step(),
                activity.position().steps(),
                activity.position().loss() == null
                    ? ""
                    : String.format(Locale.ROOT, " loss %.3f", activity.position().loss()));
    return trial.task() + " " + trial.method() + " seed " + trial.seed() + ": " + where;
  }

  static String duration(long seconds) {
    return seconds < 90
        ? seconds + " s"
        : seconds < 5400 ? (seconds + 30) / 60 + " min" : (seconds + 1800) / 3600 + " h";
  }

  private void line(String text) {
    if (!text.equals(lastLine)) {
      out.println(text);
      lastLine = text;
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
