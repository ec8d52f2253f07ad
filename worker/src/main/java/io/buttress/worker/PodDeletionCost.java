package io.buttress.worker;

import io.buttress.access.Authorities;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks the pod that this worker runs in as costly to delete while it is busy, so that a ReplicaSet
 * that shrinks takes idle ones first: annotation {@code controller.kubernetes.io/pod-deletion-cost}
 * (kubernetes.io/docs/concepts/workloads/controllers/replicaset). At its best effort: work that is
 * stopped goes on elsewhere.
 */
final class PodDeletionCost implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PodDeletionCost.class);

  private static final Path SERVICE_ACCOUNT =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

  /** Short activities must not become a request each. */
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private static final Duration LIMIT = Duration.ofSeconds(20);

  /** After a refusal, which is likely to be repeated, the pause is longer. */
  private static final int AFTER_FAILURE = 15;

  private final URI pod;
  private final Path serviceAccount;
  private final BooleanSupplier busy;
  private final Duration pause;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new DaemonThreads("pod-deletion-cost"));
  private HttpClient client;
  // A pod begins without the annotation, as one that costs nothing.
  private boolean marked;
  private boolean warned;

  private PodDeletionCost(URI pod, Path serviceAccount, BooleanSupplier busy, Duration pause) {
    this.pod = pod;
    this.serviceAccount = serviceAccount;
    this.busy = busy;
    this.pause = pause;
  }

  /** Begins to tell, with what Kubernetes gives every pod. */
  static PodDeletionCost start(URI pod, BusySlots busy) {
    return start(pod, SERVICE_ACCOUNT, () -> busy.count() > 0, PAUSE);
  }

  /**
   * @param pod its address at the Kubernetes API
   * @param serviceAccount folder of {@code token} and {@code ca.crt}
   * @param pause between two looks at whether it is busy
   */
  static PodDeletionCost start(URI pod, Path serviceAccount, BooleanSupplier busy, Duration pause) {
    PodDeletionCost cost = new PodDeletionCost(pod, serviceAccount, busy, pause);
    cost.tellIn(Duration.ZERO);
    return cost;
  }

  private void tellIn(Duration delay) {
    if (!thread.isShutdown()) {
      thread.schedule(this::tell, delay.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void tell() {
    boolean now = busy.getAsBoolean();
    if (now == marked) {
      tellIn(pause);
      return;
    }
    try {
      if (client == null) {
        client = client(serviceAccount.resolve("ca.crt"));
      }
      HttpResponse<Void> response = client.send(request(now), BodyHandlers.discarding());
      if (response.statusCode() != 200) {
        throw new IOException("Kubernetes answers with status " + response.statusCode());
      }
      marked = now;
      tellIn(pause);
    } catch (IOException e) {
      if (!warned) {
        warned = true;
        LOG.warn(
            "this pod cannot say that it is busy, and may be deleted before idle ones: {}; its"
                + " service account needs its token mounted, and 'patch' on 'pods'",
            e.toString());
      }
      tellIn(pause.multipliedBy(AFTER_FAILURE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static HttpClient client(Path certificates) throws IOException {
    return HttpClient.newBuilder()
        .connectTimeout(LIMIT)
        .proxy(HttpClient.Builder.NO_PROXY)
        .sslContext(Authorities.read(certificates).sslContext())
        .build();
  }

  private HttpRequest request(boolean costly) throws IOException {
    // Read each time: Kubernetes replaces it.
    Path file = serviceAccount.resolve("token");
    String token = Files.readString(file).strip();
    if (!token.matches("[!-~]+")) {
      // HTTP's own complaint would show it.
      throw new IOException(file + " holds no token");
    }
    String annotation =
        "{\"metadata\":{\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\"%d\"}}}"
            .formatted(costly ? 1 : 0);
    return HttpRequest.newBuilder(pod)
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/merge-patch+json")
        .method("PATCH", BodyPublishers.ofString(annotation))
        .build();
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
