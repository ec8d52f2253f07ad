package io.buttress.collapse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/**
 * Singular values of the representations before and after fine-tuning, descending, equally many.
 *
 * @param pretrained s_1, s_2, ...; 0 where no larger than rounding errors
 * @param finetuned likewise
 */
public record Spectra(double[] pretrained, double[] finetuned) {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader("i", "pretrained", "finetuned", "pretrained_relative", "finetuned_relative")
          .get();

  /** One row a singular value; relative ones are s_i / s_1. */
  void write(Path file) throws IOException {
    double[] before = relative(pretrained);
    double[] after = relative(finetuned);
    try (CSVPrinter csv = FORMAT.print(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
      for (int i = 0; i < pretrained.length; i++) {
        csv.printRecord(i + 1, pretrained[i], finetuned[i], before[i], after[i]);
      }
    }
  }

  static Spectra read(Path file) throws IOException {
    CSVFormat format = FORMAT.builder().setSkipHeaderRecord(true).get();
    try (CSVParser csv = CSVParser.parse(file, StandardCharsets.UTF_8, format)) {
      List<CSVRecord> rows = csv.getRecords();
      return new Spectra(column(rows, "pretrained"), column(rows, "finetuned"));
    }
  }

  /** s_i / s_1: free of scale; all 0 when s_1 is. */
  public static double[] relative(double[] values) {
    double[] relative = values.clone();
    for (int i = 0; i < values.length && values[0] != 0; i++) {
      relative[i] = values[i] / values[0];
    }
    return relative;
  }

  private static double[] column(List<CSVRecord> rows, String name) {
    return rows.stream().mapToDouble(row -> Double.parseDouble(row.get(name))).toArray();
  }
}
