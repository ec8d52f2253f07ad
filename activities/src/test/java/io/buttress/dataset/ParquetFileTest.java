package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetFileTest {
  private static final String URI = "file:/x/data.parquet";
  @TempDir Path folder;

  private Path write(String select) throws SQLException {
    return ParquetFixture.write(folder.resolve("data.parquet"), select);
  }

  private static List<Row> read(Path file, String... wanted) throws IOException {
    return DataFormat.PARQUET.read(file, URI, null, List.of(wanted));
  }

  @Test
  void columnsAreReadByNameAsText() throws Exception {
    Path file =
        write(
            """
            SELECT * FROM (VALUES
              (1::BIGINT, 'a "quoted" text', 3.8::FLOAT, true, 0.25::DECIMAL(4, 2)),
              (-1, E'schön\\n日本', 5, false, 1)) AS t(label, "the text", score, flag, price)
            """);
    assertThat(read(file, "the text", "label", "score", "flag", "price"))
        .containsExactly(
            new Row(1, List.of("a \"quoted\" text", "1", "3.8", "true", "0.25")),
            new Row(2, List.of("schön\n日本", "-1", "5.0", "false", "1.00")));
  }

  @Test
  void rowsKeepTheirOrderOverRowGroups() throws Exception {
    Path file = write("SELECT 't' || i AS text, i AS label FROM range(300000) AS r(i)");
    assertThat(read(file, "text", "label"))
        .isEqualTo(
            IntStream.range(0, 300_000)
                .mapToObj(i -> new Row(i + 1, List.of("t" + i, "" + i)))
                .toList());
  }

  @Test
  void nestedAndListColumnsAreRefusedAndDoNoHarmWhereTheyAreNotWanted() throws Exception {
    Path file =
        write(
            """
            SELECT 'x' AS text, [1, 2] AS list, {'a': 1} AS struct, MAP {'k': 1} AS map,
              'x'::BLOB AS bytes, DATE '2020-01-01' AS day, [{'a': 1}] AS structs
            """);
    assertThat(read(file, "text")).hasSize(1);
    for (String column : List.of("list", "struct", "map", "bytes", "day", "structs")) {
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(() -> read(file, "text", column))
          .withMessageStartingWith(URI + ": column '" + column + "' is ");
    }
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(file, "Text"))
        .withMessageStartingWith(URI + ": no column named 'Text'; there are text, list");
  }

  @Test
  void nullsAreErrorsWithTheirRow() throws Exception {
    Path file = write("SELECT * FROM (VALUES ('x', 1), ('y', NULL)) AS t(text, label)");
    assertThat(read(file, "text")).hasSize(2);
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(file, "text", "label"))
        .withMessage(URI + ":2: null in 'label'");
  }

  @Test
  void aFileWithoutRowsIsAnError() throws Exception {
    Path file = write("SELECT 'x' AS text WHERE false");
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(file, "text"))
        .withMessage(URI + ": no rows");
  }

  @Test
  void whatIsNotParquetIsNamed() throws Exception {
    byte[] whole = Files.readAllBytes(write("SELECT 'secret' AS text FROM range(1000)"));
    assertBroken("text\tlabel\nsecret\t1\n".getBytes(StandardCharsets.UTF_8), "not a Parquet file");
    assertBroken("PAR1".getBytes(StandardCharsets.UTF_8), "not a Parquet file");
    assertBroken(Arrays.copyOf(whole, whole.length - 1), "a Parquet file that was cut off");
    byte[] encrypted = whole.clone();
    encrypted[whole.length - 1] = 'E';
    assertBroken(encrypted, "encrypted Parquet");
    byte[] gutted = whole.clone();
    Arrays.fill(gutted, 4, whole.length - 4, (byte) 0xFF);
    assertBroken(gutted, "broken");
    byte[] longFooter = whole.clone();
    longFooter[whole.length - 5] = 1;
    assertBroken(longFooter, "broken");
  }

  /** A damaged file is an error or is read; it must not take the process down. */
  @Test
  void damageEndsInAnErrorAtWorst() throws Exception {
    byte[] whole =
        Files.readAllBytes(
            write("SELECT 'text ' || i % 7 AS text, i AS label FROM range(500) r(i)"));
    Random random = new Random(1);
    int errors = 0;
    for (int i = 0; i < 100; i++) {
      byte[] damaged = whole.clone();
      for (int j = 0; j < 8; j++) {
        damaged[4 + random.nextInt(whole.length - 8)] = (byte) random.nextInt(256);
      }
      Path file = Files.write(folder.resolve("damaged.parquet"), damaged);
      try {
        read(file, "text", "label");
      } catch (InvalidDataException e) {
        assertThat(e.file()).isEqualTo(URI);
        errors++;
      }
    }
    assertThat(errors).isPositive();
  }

  private void assertBroken(byte[] bytes, String message) throws IOException {
    Path file = Files.write(folder.resolve("broken.parquet"), bytes);
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(file, "text"))
        .withMessageStartingWith(URI + ": " + message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
  }

  @Test
  void duckDbReachesTheOneFileAndNothingElse() throws Exception {
    Path file = write("SELECT 'x' AS text");
    Path other = ParquetFixture.write(folder.resolve("other.parquet"), "SELECT 'y' AS text");
    try (Connection duckdb = ParquetFile.open(file);
        Statement statement = duckdb.createStatement()) {
      assertThat(statement.execute("SELECT * FROM read_parquet('" + file + "')")).isTrue();
      for (String refused :
          List.of(
              "SELECT * FROM read_parquet('" + other + "')",
              "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
              "COPY (SELECT 1) TO '" + folder.resolve("written.parquet") + "'",
              "INSTALL httpfs",
              "LOAD httpfs",
              "SET autoload_known_extensions = true",
              "SET enable_external_access = true")) {
        assertThatExceptionOfType(SQLException.class)
            .as(refused)
            .isThrownBy(() -> statement.execute(refused));
      }
    }
    assertThat(folder.resolve("written.parquet")).doesNotExist();
  }

  @Test
  void aPathIsNoPatternAndNamesNoColumns() throws Exception {
    for (String name : List.of("a=b", "[ab]", "it's", "what?", "all*", "a b%20")) {
      Path inside = Files.createDirectories(folder.resolve(name));
      Path file = ParquetFixture.write(inside.resolve("data.parquet"), "SELECT 'x' AS text");
      assertThat(read(file, "text")).as(name).containsExactly(new Row(1, List.of("x")));
      assertThatExceptionOfType(InvalidDataException.class).isThrownBy(() -> read(file, "a"));
    }
  }
}
