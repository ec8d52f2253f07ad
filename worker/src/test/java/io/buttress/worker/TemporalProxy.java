package io.buttress.worker;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A Temporal server behind TLS and an API key. Calls without the key are refused, and the first of
 * each of some methods, all with a message that repeats what was sent.
 */
final class TemporalProxy implements AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream message) {
          try {
            return message.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private final String key;
  private final Set<String> toRefuse;
  private final ManagedChannel temporal;
  private final Server server;

  /**
   * @param temporal {@code HOST:PORT}
   * @param refusedOnce names of methods
   */
  TemporalProxy(Certificate certificate, String temporal, String key, String... refusedOnce)
      throws IOException {
    this.key = key;
    toRefuse = ConcurrentHashMap.newKeySet();
    toRefuse.addAll(Set.of(refusedOnce));
    this.temporal = ManagedChannelBuilder.forTarget(temporal).usePlaintext().build();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .useTransportSecurity(
                stream(certificate.held().certificatePem()),
                stream(certificate.held().privateKeyPkcs8Pem()))
            .fallbackHandlerRegistry(
                new HandlerRegistry() {
                  @Override
                  public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
                    return method(name);
                  }
                })
            .build()
            .start();
  }

  private static InputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  private ServerMethodDefinition<byte[], byte[]> method(String name) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setFullMethodName(name)
            .setType(MethodDescriptor.MethodType.UNARY)
            .build();
    return ServerMethodDefinition.create(method, (call, headers) -> start(method, call, headers));
  }

  private ServerCall.Listener<byte[]> start(
      MethodDescriptor<byte[], byte[]> method, ServerCall<byte[], byte[]> call, Metadata headers) {
    String sent = headers.get(AUTHORIZATION);
    if (!("Bearer " + key).equals(sent) || toRefuse.remove(method.getBareMethodName())) {
      call.close(
          Status.PERMISSION_DENIED.withDescription("no access with " + sent), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    Channel channel =
        ClientInterceptors.intercept(temporal, MetadataUtils.newAttachHeadersInterceptor(headers));
    return ServerCalls.<byte[], byte[]>asyncUnaryCall(
            (request, answer) ->
                ClientCalls.asyncUnaryCall(
                    channel.newCall(method, CallOptions.DEFAULT), request, answer))
        .startCall(call, headers);
  }

  @Override
  public void close() throws InterruptedException {
    server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    temporal.shutdownNow();
  }
}
