package io.buttress.result;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;

/** Metric points as a CSV file: {@code metric,step,timestamp,value}. */
public final class MetricHistory {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader("metric", "step", "timestamp", "value")
          .setSkipHeaderRecord(true)
          .get();

  private MetricHistory() {}

  public static void write(Path file, List<MetricPoint> points) throws IOException {
    try (CSVPrinter csv =
        FORMAT
            .builder()
            .setSkipHeaderRecord(false)
            .get()
            .print(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
      for (MetricPoint point : points) {
        csv.printRecord(point.metric(), point.step(), point.timestamp(), point.value());
      }
    }
  }

  public static List<MetricPoint> read(Path file) throws IOException {
    try (CSVParser csv = CSVParser.parse(file, StandardCharsets.UTF_8, FORMAT)) {
      return csv.stream()
          .map(
              row ->
                  new MetricPoint(
                      row.get("metric"),
                      Integer.parseInt(row.get("step")),
                      Long.parseLong(row.get("timestamp")),
                      Double.parseDouble(row.get("value"))))
          .toList();
    }
  }
}
