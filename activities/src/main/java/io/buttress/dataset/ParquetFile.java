package io.buttress.dataset;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads Parquet, by DuckDB. Text, numbers and truth values are read, as text. */
final class ParquetFile {
  private static final String MAGIC = "PAR1";
  private static final String ENCRYPTED = "PARE";

  /** DuckDB's names of what can be read, {@code DECIMAL(p,s)} and {@code ENUM(...)} apart. */
  private static final Set<String> SCALARS =
      Set.of(
          "VARCHAR",
          "BOOLEAN",
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "HUGEINT",
          "UTINYINT",
          "USMALLINT",
          "UINTEGER",
          "UBIGINT",
          "UHUGEINT",
          "FLOAT",
          "DOUBLE");

  private ParquetFile() {}

  static List<Row> read(Path file, String uri, List<String> wanted) throws IOException {
    requireParquet(file, uri);
    try (Connection duckdb = open(file);
        Statement statement = duckdb.createStatement()) {
      // hive_partitioning would take folders such as a=b for columns.
      String table = "read_parquet(" + text(file) + ", hive_partitioning = false)";
      checkColumns(columns(statement, table), wanted, uri);
      return rows(statement, table, wanted, uri);
    } catch (SQLException e) {
      if (String.valueOf(e.getMessage()).matches("(?s)(Out of Memory|Permission) Error.*")) {
        throw new IOException("DuckDB could not read " + uri + ": " + e.getMessage(), e);
      }
      // DuckDB's own message may quote the file's text.
      throw new InvalidDataException(
          uri, 0, "broken: it begins and ends as Parquet does, but cannot be read");
    }
  }

  private static void requireParquet(Path file, String uri) throws IOException {
    if (Files.size(file) == 0) {
      throw new InvalidDataException(uri, 0, "the file is empty");
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "r")) {
      String start = mark(bytes, 0);
      String end = mark(bytes, bytes.length() - MAGIC.length());
      if (end.equals(ENCRYPTED)) {
        throw new InvalidDataException(uri, 0, "encrypted Parquet, which cannot be read");
      }
      if (!start.equals(MAGIC)) {
        throw new InvalidDataException(uri, 0, "not a Parquet file");
      }
      if (!end.equals(MAGIC)) {
        throw new InvalidDataException(uri, 0, "a Parquet file that was cut off");
      }
    }
  }

  private static String mark(RandomAccessFile bytes, long at) throws IOException {
    byte[] mark = new byte[MAGIC.length()];
    if (bytes.length() < 2L * mark.length) {
      return "";
    }
    bytes.seek(at);
    bytes.readFully(mark);
    return new String(mark, StandardCharsets.ISO_8859_1);
  }

  /** A database in memory that reaches this one file, no network, and no extensions. */
  static Connection open(Path file) throws IOException {
    Properties settings = new Properties();
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("allow_community_extensions", "false");
    settings.setProperty("threads", "1");
    settings.setProperty("jdbc_stream_results", "true");
    try {
      Connection duckdb = DriverManager.getConnection("jdbc:duckdb:", settings);
      try (Statement statement = duckdb.createStatement()) {
        statement.execute("SET allowed_paths = [" + text(file) + "]");
        statement.execute("SET enable_external_access = false");
        statement.execute("SET lock_configuration = true");
        return duckdb;
      } catch (SQLException e) {
        duckdb.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("DuckDB does not start: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> columns(Statement statement, String table)
      throws SQLException {
    Map<String, String> types = new LinkedHashMap<>();
    try (ResultSet described = statement.executeQuery("DESCRIBE SELECT * FROM " + table)) {
      while (described.next()) {
        types.put(described.getString("column_name"), described.getString("column_type"));
      }
    }
    return types;
  }

  private static void checkColumns(Map<String, String> types, List<String> wanted, String uri) {
    for (String name : wanted) {
      String type = types.get(name);
      if (type == null) {
        throw new InvalidDataException(
            uri,
            0,
            "no column named '" + name + "'; there are " + String.join(", ", types.keySet()));
      }
      if (!isScalar(type)) {
        throw new InvalidDataException(
            uri, 0, "column '" + name + "' is " + kind(type) + ": it must hold text or numbers");
      }
    }
  }

  private static boolean isScalar(String type) {
    return SCALARS.contains(type) || type.matches("(DECIMAL|ENUM)\\([^\\[\\]]*\\)");
  }

  private static String kind(String type) {
    if (type.endsWith("]")) {
      return "a list";
    }
    return type.startsWith("STRUCT(") || type.startsWith("MAP(") ? "nested" : "of type " + type;
  }

  private static List<Row> rows(Statement statement, String table, List<String> wanted, String uri)
      throws SQLException {
    String select =
        wanted.stream()
            .map(name -> "CAST(\"" + name.replace("\"", "\"\"") + "\" AS VARCHAR)")
            .collect(Collectors.joining(", "));
    List<Row> rows = new ArrayList<>();
    try (ResultSet found = statement.executeQuery("SELECT " + select + " FROM " + table)) {
      while (found.next()) {
        int number = rows.size() + 1;
        List<String> fields = new ArrayList<>(wanted.size());
        for (int i = 0; i < wanted.size(); i++) {
          String field = found.getString(i + 1);
          if (field == null) {
            throw new InvalidDataException(uri, number, "null in '" + wanted.get(i) + "'");
          }
          fields.add(field);
        }
        rows.add(new Row(number, fields));
      }
    }
    if (rows.isEmpty()) {
      throw new InvalidDataException(uri, 0, "no rows");
    }
    return rows;
  }

  private static String text(Path file) {
    return "'" + file.toAbsolutePath().toString().replace("'", "''") + "'";
  }
}
