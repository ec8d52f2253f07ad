package io.buttress.storage;

import io.buttress.access.Secrets;
import io.buttress.access.TlsProblem;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.XmlParserException;
import java.io.IOException;
import java.util.Optional;

/** Says what is wrong with an object store's answer, and which setting to look at. */
final class S3Messages {
  private final S3Access access;
  private final S3Access.Names names;
  private final Secrets secrets;
  private final String bucket;

  S3Messages(S3Access access, String bucket) {
    this.access = access;
    this.names = access.names();
    this.secrets = access.secrets();
    this.bucket = bucket;
  }

  /** Without what the server knows from us. */
  String of(Throwable problem) {
    return secrets.hide(String.valueOf(problem));
  }

  /**
   * One line.
   *
   * @param what completes "cannot ..."
   */
  IOException failed(String what, Exception problem) {
    String line =
        secrets.hide(
            "cannot "
                + what
                + " in bucket "
                + bucket
                + " at "
                + access.endpoint()
                + ": "
                + reason(problem));
    // The client's exceptions print the headers of requests, a session token among them.
    return secrets.areIn(problem) ? new IOException(line) : new IOException(line, problem);
  }

  private String reason(Exception problem) {
    if (problem instanceof ErrorResponseException response) {
      String code = response.errorResponse().code();
      return code + ", " + problem.getMessage() + whatToDo(code);
    }
    Optional<TlsProblem> tls = TlsProblem.of(problem);
    if (tls.isPresent()) {
      return tls.get().line(names.endpoint(), names.authorities(), names.endpoint());
    }
    if (problem instanceof InvalidResponseException || problem instanceof XmlParserException) {
      return "it does not answer as an S3 server does; check " + names.endpoint();
    }
    Throwable cause = problem.getCause() == null ? problem : problem.getCause();
    return cause.getMessage() + "; check " + names.endpoint();
  }

  private String whatToDo(String code) {
    return switch (code) {
      case "NoSuchBucket" -> "; create it, or name another (" + names.bucket() + ")";
      case "AccessDenied" ->
          "; check what " + names.accessKey() + " may do in the bucket (" + names.bucket() + ")";
      case "InvalidAccessKeyId", "SignatureDoesNotMatch" ->
          "; check " + names.accessKey() + " and " + names.secretKey();
      case "ExpiredToken", "InvalidToken", "InvalidTokenId" ->
          "; check "
              + names.sessionToken()
              + ", which holds for a time and with its "
              + names.accessKey()
              + " only";
      case "AuthorizationHeaderMalformed", "PermanentRedirect" ->
          "; check " + names.region() + " and " + names.endpoint();
      case "RequestTimeTooSkewed" -> "; set this machine's clock";
      default -> "";
    };
  }
}
