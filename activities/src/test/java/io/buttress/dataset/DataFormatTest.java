package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.buttress.study.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataFormatTest {
  private static final String URI = "file:/x/data";

  private static List<Row> read(
      DataFormat format, byte[] bytes, List<String> header, String... wanted) throws IOException {
    Path file = Files.createTempFile("rows", "");
    try {
      Files.write(file, bytes);
      return format.read(file, URI, header, List.of(wanted));
    } finally {
      Files.delete(file);
    }
  }

  private static List<Row> read(DataFormat format, String text, String... wanted)
      throws IOException {
    return read(format, text.getBytes(StandardCharsets.UTF_8), null, wanted);
  }

  @Test
  void tsvTakesQuotesAndBackslashesAsTheyAre() throws IOException {
    assertThat(read(DataFormat.TSV, "n\ttext\n1\t\"half a \\quote\n2\t say \"\"it\"\" \n", "text"))
        .containsExactly(
            new Row(2, List.of("\"half a \\quote")), new Row(3, List.of(" say \"\"it\"\" ")));
  }

  @Test
  void csvLinesAreWhereRecordsBegin() throws IOException {
    String csv = "label,text\r\na,\"two\r\nlines, \"\"quoted\"\"\"\r\nb,plain\r\n";
    assertThat(read(DataFormat.CSV, csv, "text", "label"))
        .containsExactly(
            new Row(2, List.of("two\r\nlines, \"quoted\"", "a")),
            new Row(4, List.of("plain", "b")));
  }

  @Test
  void jsonlReadsNestedFieldsAndNumbers() throws IOException {
    String jsonl = "{\"a\": {\"b\": \"x\"}, \"y\": 1}\n{\"a.b\": \"dotted\", \"y\": true}";
    assertThat(read(DataFormat.JSONL, jsonl, "a.b", "y"))
        .containsExactly(new Row(1, List.of("x", "1")), new Row(2, List.of("dotted", "true")));
  }

  @Test
  void aFileWithoutHeaderGetsItsColumnsFromTheTask() throws IOException {
    byte[] bytes = "s\t1\t\tfirst\ns\t0\t*\tlast".getBytes(StandardCharsets.UTF_8);
    assertThat(read(DataFormat.TSV, bytes, List.of("source", "label", "mark", "text"), "text"))
        .containsExactly(new Row(1, List.of("first")), new Row(2, List.of("last")));
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstColumn() throws IOException {
    assertThat(read(DataFormat.TSV, "\uFEFFtext\tn\nx\t1\n", "text"))
        .containsExactly(new Row(2, List.of("x")));
    assertThat(read(DataFormat.JSONL, "\uFEFF{\"text\": \"x\"}\n", "text"))
        .containsExactly(new Row(1, List.of("x")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TSV   | a\\tb\\n1\\t2\\n3          | file:/x/data:3: expected 2 fields, found 1",
        "TSV   | a\\tb\\n1\\t2\\n\\n        | file:/x/data:3: expected 2 fields, found 1",
        "TSV   | a\\tb\\r\\n1\\t2\\r\\n3\\t4\\t5 | file:/x/data:3: expected 2 fields, found 3",
        "CSV   | a,b\\n\"1\\n2\",3\\n4      | file:/x/data:4: expected 2 fields, found 1",
        "CSV   | a,b\\n1,2\\n\"secret,2\\n  | file:/x/data:3: a quoted field",
        "CSV   | a,b\\n1,2\\n\"x\"secret,2  | file:/x/data:3: a quoted field",
        "TSV   | b\\tc\\n1\\t2              | file:/x/data:1: no column named 'a' among 2",
        "CSV   | a,a\\n1,2                  | file:/x/data:1: two columns named 'a'",
        "TSV   | a\\tb\\n                   | file:/x/data: no rows",
        "JSONL | {\"a\": 1}\\n{secret}      | file:/x/data:2: not JSON, at column 2",
        "JSONL | {\"a\": 1} secret          | file:/x/data:1: not JSON",
        "JSONL | {\"a\": 1}\\n\\n           | file:/x/data:2: not a JSON object",
        "JSONL | [1]                        | file:/x/data:1: not a JSON object",
        "JSONL | {\"b\": 1}                 | file:/x/data:1: no field 'a'",
        "JSONL | {\"a\": [1]}               | file:/x/data:1: field 'a' is neither",
        "JSONL | {\"a\": null}              | file:/x/data:1: field 'a' is neither",
      })
  void aBadFileIsAnErrorWithFileAndLineThatQuotesNothing(
      DataFormat format, String text, String message) {
    String content = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(format, content, "a"))
        .withMessageStartingWith(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
  }

  @Test
  void anEmptyFileIsAnError() {
    for (DataFormat format : DataFormat.values()) {
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(() -> read(format, "", "a"))
          .withMessage("file:/x/data: the file is empty");
    }
  }

  @Test
  void malformedBytesAreFoundOnTheirLineHoweverFarDown() {
    String good = "text\tlabel\n" + "schön\t1\n".repeat(20_000);
    for (byte[] bad : List.of(new byte[] {(byte) 0xFC}, new byte[] {(byte) 0xC3})) {
      byte[] start = good.getBytes(StandardCharsets.UTF_8);
      byte[] bytes = new byte[start.length + bad.length];
      System.arraycopy(start, 0, bytes, 0, start.length);
      System.arraycopy(bad, 0, bytes, start.length, bad.length);
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(() -> read(DataFormat.TSV, bytes, null, "text"))
          .withMessage("file:/x/data:20002: bytes that are not UTF-8");
    }
  }

  @Provide
  Arbitrary<List<List<String>>> tables() {
    Arbitrary<String> field =
        Arbitraries.strings()
            .withChars(
                'a', '"', ',', '\\', '\'', ' ', '\n', '\r', 'é', '\u2028', '\u0085', '#', '\b')
            .ofMaxLength(8);
    return field.list().ofSize(3).list().ofMinSize(1).ofMaxSize(8);
  }

  @Property(tries = 200)
  void whatIsWrittenIsRead(@ForAll("tables") List<List<String>> table) throws IOException {
    List<String> header = List.of("x", "y", "z");
    String csv =
        table.stream()
            .map(
                row ->
                    row.stream()
                        .map(field -> '"' + field.replace("\"", "\"\"") + '"')
                        .collect(Collectors.joining(",")))
            .collect(Collectors.joining("\r\n"));
    byte[] bytes = csv.getBytes(StandardCharsets.UTF_8);
    assertThat(read(DataFormat.CSV, bytes, header, "x", "y", "z"))
        .extracting(Row::fields)
        .isEqualTo(table);

    List<List<String>> flat = new ArrayList<>();
    StringBuilder jsonl = new StringBuilder();
    for (List<String> row : table) {
      flat.add(row.stream().map(field -> field.replaceAll("[\r\n]", "")).toList());
      jsonl
          .append(Json.canonical(Map.of("x", row.get(0), "y", row.get(1), "z", row.get(2))))
          .append('\n');
    }
    byte[] tsv =
        flat.stream()
            .map(row -> String.join("\t", row))
            .collect(Collectors.joining("\n", "", "\n"))
            .getBytes(StandardCharsets.UTF_8);
    assertThat(read(DataFormat.TSV, tsv, header, "x", "y", "z"))
        .extracting(Row::fields)
        .isEqualTo(flat);
    assertThat(read(DataFormat.JSONL, jsonl.toString(), "x", "y", "z"))
        .extracting(Row::fields)
        .isEqualTo(table);
  }
}
