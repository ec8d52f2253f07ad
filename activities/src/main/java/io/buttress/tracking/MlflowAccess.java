package io.buttress.tracking;

import io.buttress.access.Secrets;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import okhttp3.tls.HandshakeCertificates;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.TrustingClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * Where the tracking server is and who we are there.
 *
 * @param trackingUri {@code http(s)://host:port}, without a slash at the end
 * @param username null without
 * @param password null without
 * @param token bearer token, used when there is no password; null without
 * @param authorities whom to trust; null: whom the JVM trusts
 * @param names for messages that say which setting to look at
 */
public record MlflowAccess(
    URI trackingUri,
    String username,
    String password,
    String token,
    HandshakeCertificates authorities,
    Names names) {

  /**
   * What the settings are called where they are made.
   *
   * @param identity all that say who we are
   */
  public record Names(String trackingUri, String identity, String authorities) {}

  /**
   * @throws IllegalArgumentException when the URI is no HTTP address
   */
  public MlflowAccess {
    String scheme = trackingUri.getScheme();
    if (trackingUri.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException(
          names.trackingUri() + ": must be http://HOST:PORT or https://HOST:PORT");
    }
    trackingUri = URI.create(trackingUri.toString().replaceAll("/+$", ""));
  }

  MlflowClient client() {
    BasicMlflowHostCreds credentials =
        new BasicMlflowHostCreds(trackingUri.toString(), username, password, token, false);
    return authorities == null
        ? new MlflowClient(credentials)
        : TrustingClient.create(credentials, authorities.sslContext());
  }

  /** Value of the {@code Authorization} header. */
  Optional<String> authorization() {
    if (username != null && password != null) {
      byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
      return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
    }
    return Optional.ofNullable(token).map(value -> "Bearer " + value);
  }

  /** What the server knows from us and may repeat. */
  Secrets secrets() {
    return new Secrets(
        password,
        token,
        authorization().map(value -> value.substring(value.indexOf(' ') + 1)).orElse(null));
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "MLflow at " + trackingUri;
  }
}
