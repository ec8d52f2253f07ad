package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
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
    Document svg = parse(Picture.of(CHART).svg());

    assertThat(count(svg, "ellipse", "--c1")).isEqualTo(2);
    assertThat(count(svg, "ellipse", "--c2")).isEqualTo(2);
    assertThat(count(svg, "ellipse", "rgb")).isZero();
  }

  @Test
  void hasOnlyColoursOfTheTheme() {
    String svg = Picture.of(CHART).svg();

    assertThat(svg).contains("var(--quiet)", "var(--rule)").doesNotContain("NaN", "Infinity");
    assertThat(svg.replaceAll("rgb\\(0,0,0\\);fill-opacity:0", ""))
        .doesNotContain("rgb(")
        .doesNotContain("url(", "http", "<b>", "<?xml");
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

  private static int count(Document svg, String tag, String style) {
    int count = 0;
    for (int i = 0; i < svg.getElementsByTagName(tag).getLength(); i++) {
      Element element = (Element) svg.getElementsByTagName(tag).item(i);
      count += element.getAttribute("style").contains(style) ? 1 : 0;
    }
    return count;
  }
}
