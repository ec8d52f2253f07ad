package io.buttress.tracking;

import io.buttress.access.Secrets;
import io.buttress.access.TlsProblem;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The tracking server's HTTP endpoints that its Java client lacks. */
final class MlflowHttp {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(10);
  private static final int SHOWN = 200;

  private final MlflowAccess access;
  private final MlflowAccess.Names names;
  // The server does not speak HTTP/2, and logs every attempt to.
  private final HttpClient client;
  private final Secrets secrets;

  MlflowHttp(MlflowAccess access) {
    this.access = access;
    this.names = access.names();
    this.secrets = access.secrets();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT);
    if (access.authorities() != null) {
      builder.sslContext(access.authorities().sslContext());
    }
    this.client = builder.build();
  }

  /** A call of the API proper: health checks answer before it does, and to anybody. */
  void verifyReachable() throws IOException {
    HttpResponse<String> response =
        send(
            request("/api/2.0/mlflow/experiments/search", CHECK_TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"max_results\":1}"))
                .build());
    int status = response.statusCode();
    if (status == 401 || status == 403) {
      throw new IOException(
          problem(response) + "; check " + names.identity() + ", and the server's --allowed-hosts");
    }
    if (status != 200 || !response.body().strip().startsWith("{")) {
      throw new IOException(
          problem(response) + ", not as an MLflow server does; check " + names.trackingUri());
    }
  }

  /** Stores a file through the server's artifact proxy; overwrites. */
  void putArtifact(String path, Path file) throws IOException {
    String encoded =
        Arrays.stream(path.split("/"))
            .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    HttpResponse<String> response =
        send(
            request("/api/2.0/mlflow-artifacts/artifacts/" + encoded, UPLOAD_TIMEOUT)
                .PUT(BodyPublishers.ofFile(file))
                .build());
    if (response.statusCode() != 200) {
      throw new IOException(problem(response) + " when " + path + " was to be stored");
    }
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(access.trackingUri() + path)).timeout(timeout);
    access.authorization().ifPresent(value -> request.header("Authorization", value));
    return request;
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException {
    try {
      return client.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw unreachable(secrets.hide(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + access, e);
    }
  }

  /** Says which setting to look at. */
  IOException unreachable(IOException problem) {
    String what =
        TlsProblem.of(problem)
            .map(
                tls ->
                    ": " + tls.line(names.trackingUri(), names.authorities(), names.trackingUri()))
            .orElseGet(() -> reason(problem) + "; check " + names.trackingUri());
    return new IOException("cannot reach " + access + what, problem);
  }

  private static String reason(IOException problem) {
    return problem instanceof ConnectException || problem.getMessage() == null
        ? ""
        : ": " + problem.getMessage();
  }

  private String problem(HttpResponse<String> response) {
    String body = secrets.hide(response.body().strip()).replaceAll("\\s+", " ");
    return access
        + " answers with status "
        + response.statusCode()
        + " ("
        + body.substring(0, Math.min(SHOWN, body.length()))
        + ")";
  }
}
