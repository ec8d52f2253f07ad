package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.buttress.collapse.Spectra;
import io.buttress.evaluation.Predictions;
import io.buttress.study.TrialResult;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * The page of a study with every section, as a browser shows it from a file and without a network.
 */
class ReportPageIT {
  private static final Path FOLDER = Path.of("target", "page").toAbsolutePath();

  /** Names of charts with no shape inside their bounds; a chart has a name or is in a figure. */
  private static final String EMPTY_CHARTS =
      """
      [...document.querySelectorAll('svg[role], .picture svg')].filter(svg => {
        const frame = svg.getBoundingClientRect();
        const drawn = [...svg.querySelectorAll('circle, line, path, polyline, polygon')]
            .filter(shape => {
              const box = shape.getBoundingClientRect();
              return box.width + box.height > 0
                  && box.right >= frame.left - 6 && box.left <= frame.right + 6
                  && getComputedStyle(shape).visibility === 'visible';
            });
        return frame.width < 40 || frame.height < 10 || drawn.length === 0;
      }).map(svg => svg.getAttribute('aria-label') || svg.closest('figure').innerText)""";

  private static ChromeDriver browser;
  private static Path profile;

  @BeforeAll
  static void open() throws IOException {
    Optional<Path> chromium = program("chromium", "chromium-browser", "google-chrome");
    Optional<Path> driver = program("chromedriver");
    boolean there = chromium.isPresent() && driver.isPresent();
    if (System.getenv("CI") != null) {
      assertThat(there).as("chromium and chromedriver are on PATH").isTrue();
    }
    assumeTrue(there, "needs chromium and chromedriver on PATH");
    profile = Files.createTempDirectory("chromium-");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--user-data-dir=" + profile);
    options.setCapability("goog:loggingPrefs", logs);
    browser =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(driver.orElseThrow().toFile())
                .build(),
            options);
    browser.executeCdpCommand("Network.enable", Map.of());
    browser.executeCdpCommand(
        "Network.emulateNetworkConditions",
        Map.of("offline", true, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
  }

  @AfterAll
  static void close() throws IOException {
    if (browser != null) {
      browser.quit();
    }
    if (profile != null) {
      try (Stream<Path> files = Files.walk(profile)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1280, light", "1280, dark", "390, light", "390, dark"})
  void everySectionIsShown(int width, String scheme) throws Exception {
    Files.createDirectories(FOLDER);
    Path page = Files.writeString(FOLDER.resolve("report.html"), ReportText.html(view()));
    browser.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
    browser.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));

    // What the browser's own first page had to say.
    browser.manage().logs().get(LogType.BROWSER);
    requests();

    browser.get(page.toUri().toString());
    run("document.querySelectorAll('details').forEach(d => d.open = true)");

    Files.write(FOLDER.resolve(width + "-" + scheme + ".png"), picture(width));
    assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
        .as("messages on the console")
        .isEmpty();
    assertThat(requests()).as("requests").hasSize(1).allMatch(url -> url.startsWith("file:"));
    assertThat(list("[...document.querySelectorAll('h2, summary')].map(h => h.textContent)"))
        .contains("Stability and cost", "Every trial")
        .anyMatch(title -> title.startsWith("Over "));
    assertThat(list("[...document.querySelectorAll('h3')].map(h => h.textContent)"))
        .contains(
            "Critical difference of the mean ranks",
            "Every run",
            "Out of distribution",
            "Collapse of the representations",
            "Spectrum: s_i / s_1");
    assertThat((Long) run("return document.querySelectorAll('svg[role], .picture svg').length"))
        .isGreaterThan(10);
    assertThat(list(EMPTY_CHARTS)).as("charts without a drawn shape").isEmpty();
    assertThat(list("[...document.querySelectorAll('canvas')].map(c => 'canvas')"))
        .as("charts are SVG")
        .isEmpty();
    assertThat((Long) run("return document.documentElement.scrollWidth"))
        .as("the page does not scroll sideways")
        .isLessThanOrEqualTo(width);
    assertThat(luminance("getComputedStyle(document.body).backgroundColor") > 128)
        .as("the ground is light")
        .isEqualTo(scheme.equals("light"));
    assertThat(luminance("getComputedStyle(document.body).color") > 128)
        .as("the ink is light")
        .isEqualTo(scheme.equals("dark"));
  }

  private static byte[] picture(int width) {
    long height = (Long) run("return document.documentElement.scrollHeight");
    Map<String, Object> all = new HashMap<>(Map.of("captureBeyondViewport", true));
    all.put("clip", Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1));
    Object data = browser.executeCdpCommand("Page.captureScreenshot", all).get("data");
    return OutputType.BYTES.convertFromBase64Png((String) data);
  }

  /** Addresses that the page asked for. */
  private static List<String> requests() {
    return browser.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
        .map(LogEntry::getMessage)
        .filter(message -> message.contains("\"Network.requestWillBeSent\""))
        .map(message -> message.replaceAll("(?s).*\"documentURL\".*?\"url\":\"([^\"]*)\".*", "$1"))
        .toList();
  }

  private static Object run(String script) {
    return browser.executeScript(script);
  }

  private static List<String> list(String expression) {
    return ((List<?>) run("return " + expression)).stream().map(Object::toString).toList();
  }

  private static double luminance(String colour) {
    return (Double)
        run("const c = " + colour + ".match(/\\d+/g); return (+c[0] + +c[1] + +c[2]) / 3 + 0.001");
  }

  /** Every section that a study can have. */
  private static ReportView view() {
    StudyReport report =
        StudyReport.of(
            "every-section", SampleStudy.KEY, trials(), tasks(), ReportPageIT::predictions);
    Map<String, Spectra> spectra = SampleStudy.spectra();
    return ReportView.of(
        report,
        tasks(),
        spectra,
        new Links.OfStudy(
            Links.of(
                URI.create("http://mlflow:5000"), URI.create("http://temporal:8233"), "default"),
            "study"));
  }

  private static Optional<Predictions> predictions(TrialResult trial) {
    Random random = new Random(trial.fingerprint().hashCode());
    float[] targets = new float[50];
    float[] predictions = new float[50];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = i % 2;
      predictions[i] = random.nextInt(4) == 0 ? 1 - targets[i] : targets[i];
    }
    return Optional.of(new Predictions(targets, predictions, true));
  }

  private static List<TrialResult> trials() {
    Stream<TrialResult> regimes =
        RegimesStudy.trials().stream()
            .filter(trial -> trial.task().equals("mrpc") && !trial.regime().equals("full"));
    return Stream.concat(SampleStudy.trials().stream(), regimes).toList();
  }

  private static List<ReportedTask> tasks() {
    Stream<ReportedTask> regimes =
        RegimesStudy.TASKS.stream().filter(task -> task.id().equals("mrpc"));
    return Stream.concat(SampleStudy.TASKS.stream(), regimes).toList();
  }

  private static Optional<Path> program(String... names) {
    return Stream.of(names)
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
