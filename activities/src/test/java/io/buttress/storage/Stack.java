package io.buttress.storage;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.net.URI;
import java.time.Duration;

/** The real servers of {@code infra/stack}, found by the environment its {@code env} file sets. */
public final class Stack {
  private Stack() {}

  /** A variable's value; without it the test fails in CI and is skipped elsewhere. */
  public static String variable(String name) {
    String value = System.getenv(name);
    if (value == null || value.isBlank()) {
      String reason = name + " is not set: run 'infra/stack up' and source the env file it names";
      return System.getenv("CI") == null ? abort(reason) : fail(reason);
    }
    return value;
  }

  /** A client of its own for each caller, who closes it. */
  public static MinioObjectStore objects() {
    return new MinioObjectStore(
        URI.create(variable("AWS_ENDPOINT_URL_S3")),
        variable("AWS_REGION"),
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        variable("BUTTRESS_BUCKET"),
        Duration.ofSeconds(5));
  }
}
