package io.buttress.dataset;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Reads TSV and CSV. */
final class DelimitedFile {
  private DelimitedFile() {}

  static List<Row> read(
      CSVFormat format, Path file, String uri, List<String> header, List<String> wanted)
      throws IOException {
    List<Row> rows = new ArrayList<>();
    List<String> columns = header;
    int[] places = header == null ? null : places(uri, 0, header, wanted);
    try (BufferedReader text = Utf8File.open(file, uri);
        CSVParser parser = CSVParser.builder().setReader(text).setFormat(format).get()) {
      Iterator<CSVRecord> records = parser.iterator();
      while (true) {
        // Before hasNext, which reads ahead: quoted fields may span lines.
        int line = Math.toIntExact(parser.getCurrentLineNumber()) + 1;
        CSVRecord fields = next(records, uri, line);
        if (fields == null) {
          break;
        }
        if (columns == null) {
          columns = fields.toList();
          places = places(uri, line, columns, wanted);
          continue;
        }
        if (fields.size() != columns.size()) {
          throw new InvalidDataException(
              uri, line, "expected " + columns.size() + " fields, found " + fields.size());
        }
        List<String> kept = new ArrayList<>(places.length);
        for (int place : places) {
          kept.add(fields.get(place));
        }
        rows.add(new Row(line, kept));
      }
    }
    if (rows.isEmpty()) {
      throw new InvalidDataException(uri, 0, "no rows after the header");
    }
    return rows;
  }

  private static CSVRecord next(Iterator<CSVRecord> records, String uri, int line)
      throws IOException {
    try {
      return records.hasNext() ? records.next() : null;
    } catch (UncheckedIOException e) {
      // The parser's own message quotes the text.
      throw new InvalidDataException(
          uri, line, "a quoted field is not closed, or text follows its closing quote");
    }
  }

  private static int[] places(String uri, int line, List<String> columns, List<String> wanted) {
    int[] places = new int[wanted.size()];
    for (int i = 0; i < places.length; i++) {
      String name = wanted.get(i);
      places[i] = columns.indexOf(name);
      if (places[i] < 0) {
        // The header is not listed: without `columns`, it may be a row's text.
        throw new InvalidDataException(
            uri,
            line,
            "no column named '"
                + name
                + "' among "
                + columns.size()
                + "; a file without a header row needs `columns`");
      }
      if (places[i] != columns.lastIndexOf(name)) {
        throw new InvalidDataException(uri, line, "two columns named '" + name + "'");
      }
    }
    return places;
  }
}
