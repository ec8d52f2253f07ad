package io.buttress.dataset;

import io.buttress.study.SourceUri;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;

/** How a data file is written. */
public enum DataFormat {
  /** Fields between tabs, no quoting, no escapes: a quote is a character. */
  TSV(List.of(".tsv")),
  /** RFC 4180. */
  CSV(List.of(".csv")),
  /** One JSON object a line. */
  JSONL(List.of(".jsonl", ".json")),
  /** Apache Parquet, its columns flat. */
  PARQUET(List.of(".parquet"));

  private final List<String> extensions;

  DataFormat(List<String> extensions) {
    this.extensions = extensions;
  }

  /** As {@code TaskSpec.format} and {@code DataFile.format} have it: {@code tsv}, ... */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<DataFormat> of(String id) {
    return List.of(values()).stream().filter(format -> format.id().equals(id)).findFirst();
  }

  /** What a data file's URI tells; empty: nothing. */
  public static Optional<DataFormat> ofUri(String uri) {
    return uri.startsWith("sample:") ? Optional.of(TSV) : byExtension(SourceUri.parse(uri).name());
  }

  static Optional<DataFormat> byExtension(String uri) {
    String name = uri.toLowerCase(Locale.ROOT);
    return List.of(values()).stream()
        .filter(format -> format.extensions.stream().anyMatch(name::endsWith))
        .findFirst();
  }

  /**
   * Reads a file whole.
   *
   * @param uri for messages
   * @param header column names of a file without a header row; null: the first row has them. JSONL
   *     and Parquet name their own fields and have neither.
   * @param wanted columns to keep, in this order
   * @return at least one row
   * @throws InvalidDataException naming file and line
   */
  List<Row> read(Path file, String uri, List<String> header, List<String> wanted)
      throws IOException {
    return switch (this) {
      case TSV -> DelimitedFile.read(CSVFormat.newFormat('\t'), file, uri, header, wanted);
      case CSV -> DelimitedFile.read(CSVFormat.RFC4180, file, uri, header, wanted);
      case JSONL -> JsonLinesFile.read(file, uri, wanted);
      case PARQUET -> ParquetFile.read(file, uri, wanted);
    };
  }
}
