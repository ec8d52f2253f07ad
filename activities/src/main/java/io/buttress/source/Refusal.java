package io.buttress.source;

import io.buttress.access.Secrets;
import io.buttress.study.Quote;
import okhttp3.Headers;

/** A server's final no: trying again changes nothing. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST = 200;

  private final int status;
  private final String code;
  private final String reason;

  Refusal(int status, Headers headers, Secrets secrets) {
    this.status = status;
    this.code = text(headers, "X-Error-Code");
    this.reason = Quote.line(secrets.hide(text(headers, "X-Error-Message").strip()), LONGEST);
  }

  int status() {
    return status;
  }

  /** A hub's {@code RepoNotFound}, {@code GatedRepo}, ..., or empty. */
  String code() {
    return code;
  }

  /** In the hub's words; may be empty. */
  String reason() {
    return reason;
  }

  private static String text(Headers headers, String name) {
    String value = headers.get(name);
    return value == null ? "" : value;
  }
}
