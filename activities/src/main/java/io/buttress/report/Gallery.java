package io.buttress.report;

import io.buttress.encoding.Evaluator;
import io.buttress.study.TrialResult;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Pictures of one kind.
 *
 * @param note how to read them
 */
record Gallery(String anchor, String title, String note, List<Picture> pictures) {
  private static final String CURVE_NOTE =
      "Means over runs on the validation set; bars are one standard deviation.";

  private static final String TRADE_OFF_NOTE =
      "Lines: means over runs by setting, bars are one standard deviation; dashed: stl."
          + " Dots: one a run, by method.";

  private static final String LAYERS_NOTE =
      "At every hidden state, means over runs, on the first "
          + Evaluator.SAMPLE
          + " validation examples at most. Dashed: pre-trained. At the embeddings (0) [CLS] is the same for every input.";

  private static final String TRAJECTORY_NOTE =
      "In the middle of training, means over runs, on the first "
          + Evaluator.SAMPLE
          + " validation examples at most.";

  /** Results by the number of training examples and by the share of wrong labels. */
  static List<Gallery> ofStudy(StudyReport report, List<ReportedTask> tasks) {
    List<Comparison> comparisons = report.tables().comparisons();
    List<Chart> fewShot = Curves.fewShot(comparisons, tasks, report.selects());
    List<Chart> noise = Curves.labelNoise(comparisons, report.selects());
    return Stream.of(
            gallery("few-shot", "Few training examples", CURVE_NOTE, fewShot),
            gallery("label-noise", "Wrong training labels", CURVE_NOTE, noise))
        .filter(gallery -> !gallery.pictures().isEmpty())
        .toList();
  }

  /** Collapse by layer, by step and against the result. */
  static List<Gallery> ofTask(
      String anchor, Comparison comparison, ReportedTask task, List<TrialResult> trials) {
    List<Chart> tradeOff = new ArrayList<>(TradeOff.grids(comparison));
    Chart runs = TradeOff.runs(task, comparison, trials);
    if (runs != null) {
      tradeOff.add(runs);
    }
    return Stream.of(
            gallery(
                anchor + "-layers",
                "Layer by layer",
                LAYERS_NOTE,
                CollapseCurves.layers(comparison)),
            gallery(
                anchor + "-training",
                "During training",
                TRAJECTORY_NOTE,
                CollapseCurves.trajectories(comparison)),
            gallery(anchor + "-trade-off", "Result and collapse", TRADE_OFF_NOTE, tradeOff))
        .filter(gallery -> !gallery.pictures().isEmpty())
        .toList();
  }

  private static Gallery gallery(String anchor, String title, String note, List<Chart> charts) {
    return new Gallery(anchor, title, note, charts.stream().map(Picture::of).toList());
  }
}
