package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.buttress.stack.SettingNames;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(StackExtension.class)
class MinioObjectStoreIT extends ObjectStoreContract {
  private static Stack stack;
  private static MinioObjectStore store;
  private final String prefix = "tests/" + UUID.randomUUID() + "/";

  @BeforeAll
  static void open(Stack servers) {
    stack = servers;
    store = stack.objects();
  }

  @AfterAll
  static void cleanUp() throws IOException {
    if (store != null) {
      for (String key : store.list("tests/")) {
        store.delete(key);
      }
      store.close();
    }
  }

  @Override
  ObjectStore store() {
    return store;
  }

  @Override
  String prefix() {
    return prefix;
  }

  @Test
  void aWritableBucketIsAccepted() throws IOException {
    store.verifyWritable();
    assertThat(store.list(".probe/")).isEmpty();
  }

  @Test
  void filesLargerThanAnUploadPartAreStoredWithTheCondition() throws IOException {
    long size = 200L << 20;
    Path large = sparse(size);
    assertThat(store.putIfAbsent(prefix + "large", large)).isTrue();
    assertThat(store.putIfAbsent(prefix + "large", large)).isFalse();
    try (InputStream in = store.get(prefix + "large").orElseThrow()) {
      assertThat(in.skip(size + 1)).isEqualTo(size);
    }
  }

  @Test
  void filesTooLargeForOneObjectAreRefused() throws IOException {
    Path huge = sparse((5L << 30) + 1);
    assertThatThrownBy(() -> store.putIfAbsent(prefix + "huge", huge))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("5 GiB");
  }

  private Path sparse(long size) throws IOException {
    Path file = files.resolve("sparse");
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.position(size - 1).write(ByteBuffer.wrap(new byte[1]));
    }
    return file;
  }

  @Test
  void urisNameBucketAndKey() {
    assertThat(store.uri("models/x"))
        .hasToString("s3://" + stack.variable("BUTTRESS_BUCKET") + "/models/x");
  }

  @Test
  void aMissingBucketIsNamed() {
    try (MinioObjectStore other =
        at(
            stack.variable("AWS_ENDPOINT_URL_S3"),
            stack.variable("AWS_SECRET_ACCESS_KEY"),
            "no-such-bucket")) {
      assertThatThrownBy(other::verifyWritable)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("no-such-bucket", "BUTTRESS_BUCKET")
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void wrongCredentialsAreNamedButNotShown() {
    try (MinioObjectStore other =
        at(
            stack.variable("AWS_ENDPOINT_URL_S3"),
            "wrong-secret",
            stack.variable("BUTTRESS_BUCKET"))) {
      assertThatThrownBy(other::verifyWritable)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("AWS_SECRET_ACCESS_KEY")
          .message()
          .doesNotContain("wrong-secret");
    }
  }

  @Test
  void temporaryCredentialsAreTakenWithTheirTokenOnly() throws Exception {
    Map<String, String> session = stack.session();
    String token = session.get("AWS_SESSION_TOKEN");
    try (MinioObjectStore temporary = at(session, token);
        MinioObjectStore changed = at(session, token + "x")) {
      temporary.verifyWritable();
      assertThatThrownBy(changed::verifyWritable)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("AWS_SESSION_TOKEN")
          .message()
          .doesNotContain(token);
    }
  }

  private static MinioObjectStore at(Map<String, String> session, String token) {
    return new MinioObjectStore(
        new S3Access(
            URI.create(stack.variable("AWS_ENDPOINT_URL_S3")),
            stack.variable("AWS_REGION"),
            session.get("AWS_ACCESS_KEY_ID"),
            session.get("AWS_SECRET_ACCESS_KEY"),
            token,
            null,
            SettingNames.S3),
        stack.variable("BUTTRESS_BUCKET"),
        Duration.ofSeconds(1),
        new MetricRegistry());
  }

  @Test
  void anUnreachableServerIsNamed() {
    try (MinioObjectStore other = at("http://127.0.0.1:9", "secret", "buttress")) {
      assertThatThrownBy(other::verifyWritable)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("127.0.0.1:9", "AWS_ENDPOINT_URL_S3");
    }
  }

  private static MinioObjectStore at(String endpoint, String secret, String bucket) {
    return new MinioObjectStore(
        new S3Access(
            URI.create(endpoint),
            stack.variable("AWS_REGION"),
            stack.variable("AWS_ACCESS_KEY_ID"),
            secret,
            null,
            null,
            SettingNames.S3),
        bucket,
        Duration.ofSeconds(1),
        new MetricRegistry());
  }
}
