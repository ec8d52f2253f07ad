package io.buttress.worker;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.DescribeNamespaceResponse;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HeldCertificate;

/** As much of Temporal as a start asks for: the namespace {@code default}. */
final class FakeTemporal implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Server server;

  private FakeTemporal(NettyServerBuilder builder) throws IOException {
    HealthStatusManager health = new HealthStatusManager();
    server = builder.addService(health.getHealthService()).addService(new Workflows()).build();
    server.start();
  }

  static FakeTemporal plain() throws IOException {
    return new FakeTemporal(builder());
  }

  /** Repeats what it was sent when it refuses a key. */
  static FakeTemporal withKey(Certificate certificate, String key, Status.Code refusal)
      throws IOException {
    return new FakeTemporal(tlsBuilder(certificate, null).intercept(new KeyCheck(key, refusal)));
  }

  static FakeTemporal tls(Certificate certificate) throws IOException {
    return new FakeTemporal(tlsBuilder(certificate, null));
  }

  /**
   * @param clients the authority of the clients' certificates
   */
  static FakeTemporal mutualTls(Certificate certificate, HeldCertificate clients)
      throws IOException {
    return new FakeTemporal(tlsBuilder(certificate, clients));
  }

  private static NettyServerBuilder tlsBuilder(Certificate certificate, HeldCertificate clients)
      throws IOException {
    SslContextBuilder context =
        SslContextBuilder.forServer(
            stream(certificate.held().certificatePem()),
            stream(certificate.held().privateKeyPkcs8Pem()));
    if (clients != null) {
      context.trustManager(stream(clients.certificatePem())).clientAuth(ClientAuth.REQUIRE);
    }
    return builder().sslContext(GrpcSslContexts.configure(context).build());
  }

  private static NettyServerBuilder builder() {
    return NettyServerBuilder.forAddress(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static ByteArrayInputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  private record KeyCheck(String key, Status.Code refusal) implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String sent = headers.get(AUTHORIZATION);
      if (("Bearer " + key).equals(sent)) {
        return next.startCall(call, headers);
      }
      call.close(refusal.toStatus().withDescription("not admitted: " + sent), new Metadata());
      return new ServerCall.Listener<>() {};
    }
  }

  private static final class Workflows extends WorkflowServiceGrpc.WorkflowServiceImplBase {
    @Override
    public void getSystemInfo(
        GetSystemInfoRequest request, StreamObserver<GetSystemInfoResponse> answer) {
      answer.onNext(GetSystemInfoResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void describeNamespace(
        DescribeNamespaceRequest request, StreamObserver<DescribeNamespaceResponse> answer) {
      if (!request.getNamespace().equals("default")) {
        answer.onError(Status.NOT_FOUND.withDescription("no such namespace").asException());
        return;
      }
      answer.onNext(DescribeNamespaceResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  @Override
  public void close() throws InterruptedException {
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }
}
