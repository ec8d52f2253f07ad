package io.buttress.worker;

import io.buttress.access.Authorities;
import io.buttress.access.Secrets;
import io.buttress.access.TlsProblem;
import io.buttress.study.Quote;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.envconfig.ClientConfigProfile;
import io.temporal.envconfig.LoadClientConfigProfileOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** How to reach Temporal, and what is wrong with that. */
final class TemporalSettings {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final String ADDRESS = "TEMPORAL_ADDRESS";
  private static final String API_KEY = "TEMPORAL_API_KEY";
  private static final String TLS = "TEMPORAL_TLS";
  private static final String AUTHORITIES = "TEMPORAL_TLS_SERVER_CA_CERT_PATH";
  private static final String CERTIFICATE = "TEMPORAL_TLS_CLIENT_CERT_PATH";
  private static final String KEY = "TEMPORAL_TLS_CLIENT_KEY_PATH";

  private final ClientConfigProfile profile;
  private final WorkflowServiceStubsOptions options;
  private final Secrets secrets;

  private TemporalSettings(
      ClientConfigProfile profile, WorkflowServiceStubsOptions options, Secrets secrets) {
    this.profile = profile;
    this.options = options;
    this.secrets = secrets;
  }

  /**
   * From {@code TEMPORAL_*}, or the Temporal CLI's configuration file.
   *
   * @throws ServiceException with one line that names the setting that cannot be
   */
  static TemporalSettings of(Environment environment) throws ServiceException {
    checkFiles(environment);
    try {
      ClientConfigProfile profile =
          ClientConfigProfile.load(
              LoadClientConfigProfileOptions.newBuilder()
                  .setEnvOverrides(environment.withSecrets(API_KEY))
                  .build());
      String address = profile.getAddress();
      if (address != null && !address.matches("(\\[[0-9a-fA-F:.]+]|[^\\s/@:]+):\\d{1,5}")) {
        throw new ServiceException(ADDRESS + ": must be like HOST:7233");
      }
      Secrets secrets = new Secrets(profile.getApiKey());
      WorkflowServiceStubsOptions options = profile.toWorkflowServiceStubsOptions();
      return new TemporalSettings(profile, options, secrets);
    } catch (IOException e) {
      throw new ServiceException("Temporal's configuration cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new ServiceException(
          "the certificates or the key for Temporal cannot be used; check "
              + String.join(", ", AUTHORITIES, CERTIFICATE, KEY),
          e);
    }
  }

  private static void checkFiles(Environment environment) throws ServiceException {
    for (String name : List.of(AUTHORITIES, CERTIFICATE)) {
      Optional<String> file = environment.get(name);
      try {
        if (file.isPresent()) {
          Authorities.check(Path.of(file.get()));
        }
      } catch (IOException | InvalidPathException e) {
        throw new ServiceException(name + ": " + e.getMessage(), e);
      }
    }
    Optional<String> key = environment.get(KEY);
    if (key.isPresent() && !Files.isReadable(Path.of(key.get()))) {
      throw new ServiceException(KEY + ": cannot read " + key.get());
    }
    if (key.isPresent() != environment.get(CERTIFICATE).isPresent()) {
      throw new ServiceException(CERTIFICATE + " and " + KEY + ": set both or none");
    }
  }

  WorkflowServiceStubsOptions.Builder stubs() {
    return WorkflowServiceStubsOptions.newBuilder(options)
        .setGrpcClientInterceptors(List.of(new HiddenSecrets(secrets)));
  }

  WorkflowClientOptions.Builder client() {
    return WorkflowClientOptions.newBuilder(profile.toWorkflowClientOptions());
  }

  /**
   * Checks that the namespace can be used.
   *
   * @throws ServiceException with one line that names the setting that is wrong
   */
  void verify(WorkflowServiceStubs stubs, String namespace) throws ServiceException {
    try {
      // Without the retries of other calls, which would only end with the limit, and tell no cause.
      WorkflowServiceGrpc.newBlockingStub(stubs.getRawChannel())
          .withDeadlineAfter(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
          .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      // What it says without our credentials is of no matter; whether it can be talked to is.
      if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
        throw problem(e, namespace);
      }
    }
    try {
      stubs.connect(LIMIT);
      stubs
          .blockingStub()
          .describeNamespace(DescribeNamespaceRequest.newBuilder().setNamespace(namespace).build());
    } catch (StatusRuntimeException e) {
      throw problem(e, namespace);
    }
  }

  private ServiceException problem(StatusRuntimeException failure, String namespace) {
    String problem =
        switch (failure.getStatus().getCode()) {
          case NOT_FOUND ->
              "has no namespace '" + namespace + "'; create it, or check TEMPORAL_NAMESPACE";
          case UNAUTHENTICATED, PERMISSION_DENIED ->
              "refuses us namespace '"
                  + namespace
                  + "'; check "
                  + String.join(", ", API_KEY, CERTIFICATE, "TEMPORAL_NAMESPACE");
          case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED ->
              TlsProblem.of(failure)
                  .map(
                      tls ->
                          "cannot be used: "
                              + tls.line(
                                  String.join(", ", ADDRESS, TLS, "TEMPORAL_TLS_SERVER_NAME"),
                                  AUTHORITIES,
                                  CERTIFICATE + " and " + KEY))
                  .orElseGet(() -> "does not answer; check " + ADDRESS + " and " + TLS);
          default -> "does not answer as a Temporal server does; check " + ADDRESS;
        };
    return new ServiceException(
        "Temporal at "
            + options.getTarget()
            + " "
            + problem
            + " ("
            + secrets.hide(failure.getStatus().getCode() + reason(failure))
            + ")");
  }

  private static String reason(StatusRuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text =
        cause == failure
            ? failure.getStatus().getDescription()
            : String.valueOf(cause.getMessage());
    return text == null ? "" : ": " + Quote.line(text, 200);
  }
}
