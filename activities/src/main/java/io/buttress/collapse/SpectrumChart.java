package io.buttress.collapse;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A trial's singular values before and after fine-tuning, on a logarithmic scale, as a PNG. */
final class SpectrumChart {
  private static final Color INK = new Color(0x24292f);
  private static final Color GRID = new Color(0xe4e7eb);
  private static final Color BEFORE = new Color(0x6b7280);
  private static final Color AFTER = new Color(0xd1495b);

  private SpectrumChart() {}

  /**
   * @param title what was fine-tuned how
   */
  static void write(Path file, String title, Spectra spectra) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(560)
            .title(title)
            .xAxisTitle("i")
            .yAxisTitle("singular value s_i (log scale)")
            .build();
    chart
        .getStyler()
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBackgroundColor(Color.WHITE)
        .setChartFontColor(INK)
        .setChartTitleBoxVisible(false)
        .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17))
        .setLegendPosition(LegendPosition.InsideNE)
        .setLegendBorderColor(Color.WHITE)
        .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
    chart
        .getStyler()
        .setYAxisLogarithmic(true)
        .setXAxisMin(0.0)
        .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15))
        .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
        .setPlotGridLinesColor(GRID)
        .setPlotBorderVisible(false);
    boolean drawn = add(chart, "pre-trained", spectra.pretrained(), BEFORE);
    drawn |= add(chart, "fine-tuned", spectra.finetuned(), AFTER);
    if (!drawn) {
      chart.setTitle(title + " (every singular value is 0)");
    }
    ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
  }

  /** Zeros have no place on a logarithmic scale and, being last, are left out. */
  private static boolean add(XYChart chart, String name, double[] values, Color color) {
    int positive = (int) IntStream.range(0, values.length).filter(i -> values[i] > 0).count();
    if (positive == 0) {
      return false;
    }
    double[] x = IntStream.rangeClosed(1, positive).asDoubleStream().toArray();
    XYSeries series = chart.addSeries(name, x, Arrays.copyOf(values, positive));
    series.setMarker(SeriesMarkers.NONE).setLineColor(color).setLineStyle(new BasicStroke(2.5f));
    return true;
  }
}
