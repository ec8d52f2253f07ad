package io.buttress.tracking;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * Where the tracking server is and who we are there.
 *
 * @param trackingUri {@code http(s)://host:port}, without a slash at the end
 * @param username null without
 * @param password null without
 * @param token bearer token, used when there is no password; null without
 */
public record MlflowAccess(URI trackingUri, String username, String password, String token) {

  /**
   * @throws IllegalArgumentException when the URI is no HTTP address
   */
  public MlflowAccess {
    String scheme = trackingUri.getScheme();
    if (trackingUri.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException(
          "MLFLOW_TRACKING_URI: must be http://HOST:PORT or https://HOST:PORT, not " + trackingUri);
    }
    trackingUri = URI.create(trackingUri.toString().replaceAll("/+$", ""));
  }

  BasicMlflowHostCreds credentials() {
    return new BasicMlflowHostCreds(trackingUri.toString(), username, password, token, false);
  }

  /** Value of the {@code Authorization} header. */
  Optional<String> authorization() {
    if (username != null && password != null) {
      byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
      return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
    }
    return Optional.ofNullable(token).map(value -> "Bearer " + value);
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "MLflow at " + trackingUri;
  }
}
