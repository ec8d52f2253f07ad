package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.samskivert.mustache.Escapers;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PictureTest {
  private static final Chart CHART =
      new Chart(
              "rte",
              new Chart.Axis("training examples <b>&", true),
              new Chart.Axis("accuracy", false),
              List.of(
                  Chart.Series.line(
                      "stl", List.of(new Chart.Point(250, 0.6, 0.1), new Chart.Point(500, 0.7, 0))),
                  Chart.Series.line(
                      "wc", List.of(new Chart.Point(250, 0.5, 0), new Chart.Point(2490, 0.8, 0)))))
          .marked();

  @Test
  void drawsEveryPointInTheColourOfItsSeries() throws Exception {
    Document svg = parse(svg());

    assertThat(count(svg, "--c1")).isEqualTo(2);
    assertThat(count(svg, "--c2")).isEqualTo(2);
    assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(4);
  }

  @Test
  void hasOnlyColoursOfTheTheme() throws Exception {
    String svg = svg();

    assertThat(svg).contains("var(--quiet)", "var(--rule)").doesNotContain("NaN", "Infinity");
    assertThat(svg)
        .doesNotContain("rgb(", "#", "url(", "http", "<b>", "<?xml")
        .contains("training examples &lt;b&gt;&amp;");
  }

  @Test
  void isTheSameEachTimeItIsDrawn() {
    assertThat(Picture.of(CHART)).isEqualTo(Picture.of(CHART));
  }

  @Test
  void tellsItsNumbersInWords() {
    assertThat(Picture.of(CHART).alternative())
        .startsWith("rte (x: training examples <b>&; y: accuracy). ")
        .contains("stl: 0.600 at 250; 0.700 at 500", "wc: 0.500 at 250; 0.800 at 2490");
  }

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static String svg() throws Exception {
    return ReportText.render("picture.svg", Escapers.HTML, Picture.of(CHART).drawing());
  }

  /** Dots whose group is of this colour. */
  private static int count(Document svg, String colour) {
    int count = 0;
    NodeList dots = svg.getElementsByTagName("circle");
    for (int i = 0; i < dots.getLength(); i++) {
      Element group = (Element) dots.item(i).getParentNode();
      count += group.getAttribute("style").contains(colour) ? 1 : 0;
    }
    return count;
  }
}
