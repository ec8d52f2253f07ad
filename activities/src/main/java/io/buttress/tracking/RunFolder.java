package io.buttress.tracking;

import io.buttress.storage.ArtifactStore;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * A run's artifacts: copied on the server when they belong in our own bucket, else sent through the
 * tracking server.
 */
final class RunFolder {
  private static final String PROXIED = "mlflow-artifacts";

  private final ArtifactStore store;
  private final MlflowHttp http;
  private final URI uri;

  /**
   * @param uri as the tracking server names it
   */
  RunFolder(ArtifactStore store, MlflowHttp http, String uri) {
    this.store = store;
    this.http = http;
    this.uri = URI.create(uri);
  }

  /** Where a new experiment's artifacts should go: into our own bucket, if we have one. */
  static Optional<String> location(ArtifactStore store, String experiment) {
    // Names hold spaces, which have no place in a URI; the digest keeps "a b" and "a_b" apart.
    String plain = experiment.replace(' ', '_');
    String folder =
        plain.equals(experiment) ? plain : plain + "-" + Json.sha256(experiment).substring(0, 8);
    URI location = store.objects().uri("mlflow/" + folder);
    return isBucket(location) ? Optional.of(location.toString()) : Optional.empty();
  }

  /** The folder's prefix in our object store, without a slash at the end; empty when elsewhere. */
  Optional<String> prefix() {
    URI ours = store.objects().uri("mlflow");
    return isBucket(uri) && isBucket(ours) && uri.getAuthority().equals(ours.getAuthority())
        ? Optional.of(uri.getPath().substring(1))
        : Optional.empty();
  }

  /** Puts a stored blob into the folder; overwrites. */
  void put(String path, Blob blob) throws IOException {
    Optional<String> prefix = prefix();
    if (prefix.isPresent()) {
      store.copy(blob, prefix.get() + "/" + path);
    } else if (PROXIED.equals(uri.getScheme())) {
      http.putArtifact(uri.getPath().substring(1) + "/" + path, store.blob(blob));
    } else {
      throw new UnusableExperimentException(
          "the MLflow experiment keeps artifacts at "
              + uri
              + ", which is neither in this bucket nor behind the server (--serve-artifacts): give"
              + " the study another name");
    }
  }

  private static boolean isBucket(URI uri) {
    return uri.getScheme() != null && uri.getScheme().toLowerCase(Locale.ROOT).equals("s3");
  }
}
