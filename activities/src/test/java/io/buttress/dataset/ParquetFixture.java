package io.buttress.dataset;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** Parquet files for tests, written by DuckDB. */
final class ParquetFixture {
  private ParquetFixture() {}

  static Path write(Path file, String select) throws SQLException {
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duckdb.createStatement()) {
      statement.execute(
          "COPY ("
              + select
              + ") TO '"
              + file.toString().replace("'", "''")
              + "' (FORMAT parquet, ROW_GROUP_SIZE 50000)");
      return file;
    }
  }
}
