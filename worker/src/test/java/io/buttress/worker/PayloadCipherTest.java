package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.buttress.study.Blob;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.converter.DataConverter;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.PayloadCodecException;
import io.temporal.worker.WorkerFactory;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PayloadCipherTest {
  private static final String MARKER = "a plain marker";
  private static final String FIRST = key(1);
  private static final String SECOND = key(2);

  @Test
  void whatIsEncryptedComesBackAndIsNotSeen() throws Exception {
    PayloadCipher cipher = cipher(FIRST);
    List<Payload> plain = Stream.of(MARKER, "", "x".repeat(100_000)).map(Payloads::of).toList();
    List<Payload> encrypted = cipher.encode(plain);
    assertThat(cipher.decode(encrypted)).isEqualTo(plain);
    assertThat(encrypted.toString()).doesNotContain(MARKER).contains("binary/encrypted");
    // Equal payloads do not look equal: every one has a nonce of its own.
    assertThat(cipher.encode(plain).get(0).getData()).isNotEqualTo(encrypted.get(0).getData());
  }

  @Test
  void noBitCanBeChanged() throws Exception {
    PayloadCipher cipher = cipher(FIRST);
    Payload encrypted = cipher.encode(List.of(Payloads.of(MARKER))).get(0);
    byte[] data = encrypted.getData().toByteArray();
    for (int i = 0; i < data.length; i++) {
      byte[] changed = data.clone();
      changed[i] ^= 1;
      Payload tampered = encrypted.toBuilder().setData(ByteString.copyFrom(changed)).build();
      assertThatThrownBy(() -> cipher.decode(List.of(tampered)))
          .as("byte %d", i)
          .isInstanceOf(PayloadCodecException.class)
          .hasMessageContaining("changed");
    }
    for (int length : new int[] {0, 11, 12, 27, data.length - 1}) {
      Payload cut = encrypted.toBuilder().setData(ByteString.copyFrom(data, 0, length)).build();
      assertThatThrownBy(() -> cipher.decode(List.of(cut)))
          .isInstanceOf(PayloadCodecException.class)
          .hasMessageContaining("cut");
    }
  }

  @Test
  void keysCanBeChanged() throws Exception {
    List<Payload> plain = List.of(Payloads.of(MARKER));
    List<Payload> old = cipher(FIRST).encode(plain);
    PayloadCipher both = cipher(SECOND + "," + FIRST + "\n");
    assertThat(both.decode(old)).isEqualTo(plain);
    assertThat(cipher(SECOND).decode(both.encode(plain))).isEqualTo(plain);
  }

  @Test
  void saysWhichSettingLacksTheKey() throws Exception {
    List<Payload> encrypted = cipher(FIRST).encode(List.of(Payloads.of(MARKER)));
    for (PayloadCipher other : List.of(cipher(SECOND), cipher(""))) {
      assertThatThrownBy(() -> other.decode(encrypted))
          .isInstanceOf(PayloadCodecException.class)
          .hasMessageContaining("BUTTRESS_CODEC_KEY")
          .hasMessageNotContainingAny(FIRST, SECOND);
    }
  }

  @Test
  void withoutAKeyNothingChanges() throws Exception {
    List<Payload> plain = List.of(Payloads.of(MARKER));
    assertThat(cipher("").encode(plain)).isEqualTo(plain);
    // What the Temporal CLI starts is not encrypted.
    assertThat(cipher(FIRST).decode(plain)).isEqualTo(plain);
  }

  @ParameterizedTest
  @ValueSource(strings = {"canary", "Y2FuYXJ5", "%%%"})
  void refusesWhatIsNoKeyWithoutShowingIt(String text) {
    assertThatThrownBy(() -> cipher(FIRST + " " + text))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("BUTTRESS_CODEC_KEY: key 2")
        .hasMessageNotContainingAny(text, FIRST);
  }

  @WorkflowInterface
  public interface Echo {
    @WorkflowMethod(name = "Echo")
    String run(String text);
  }

  /** Returns what it is given, or fails with it. */
  public static final class EchoImpl implements Echo {
    @Override
    public String run(String text) {
      if (text.startsWith("fail")) {
        throw ApplicationFailure.newNonRetryableFailure(text, "Echo");
      }
      return text;
    }
  }

  @Test
  void unknownFieldsOfAnotherVersionAreIgnored() throws Exception {
    DataConverter converter = cipher("").converter();
    Payload message =
        converter.toPayload(Map.of("sha256", "0", "size", 1, "later", true)).orElseThrow();
    assertThat(converter.fromPayload(message, Blob.class, Blob.class)).isEqualTo(new Blob("0", 1));
  }

  @Test
  void aHistoryHoldsNothingPlain() throws Exception {
    DataConverter converter = cipher(FIRST).converter();
    try (EmbeddedTemporal temporal = new EmbeddedTemporal()) {
      WorkflowClient client =
          WorkflowClient.newInstance(
              temporal.client().getWorkflowServiceStubs(),
              WorkflowClientOptions.newBuilder().setDataConverter(converter).build());
      WorkerFactory factory = WorkerFactory.newInstance(client);
      factory.newWorker("echo").registerWorkflowImplementationTypes(EchoImpl.class);
      factory.start();
      try {
        WorkflowStub echo = start(client, MARKER);
        assertThat(echo.getResult(String.class)).isEqualTo(MARKER);
        assertThat(history(client, echo)).contains("binary/encrypted").doesNotContain(MARKER);

        WorkflowStub failing = start(client, "fail " + MARKER);
        assertThatThrownBy(() -> failing.getResult(String.class))
            .isInstanceOf(WorkflowFailedException.class)
            .hasRootCauseMessage("message='fail " + MARKER + "', type='Echo', nonRetryable=true");
        assertThat(history(client, failing))
            .contains("Encoded failure")
            .doesNotContain(MARKER, "EchoImpl");
      } finally {
        factory.shutdownNow();
      }
    }
  }

  private static WorkflowStub start(WorkflowClient client, String text) {
    WorkflowStub stub =
        client.newUntypedWorkflowStub(
            "Echo", WorkflowOptions.newBuilder().setTaskQueue("echo").build());
    stub.start(text);
    return stub;
  }

  private static String history(WorkflowClient client, WorkflowStub workflow) {
    WorkflowExecution execution = workflow.getExecution();
    return client
        .getWorkflowServiceStubs()
        .blockingStub()
        .getWorkflowExecutionHistory(
            GetWorkflowExecutionHistoryRequest.newBuilder()
                .setNamespace(client.getOptions().getNamespace())
                .setExecution(execution)
                .build())
        .getHistory()
        .toString();
  }

  private static final class Payloads {
    static Payload of(String text) {
      return Payload.newBuilder()
          .putMetadata("encoding", ByteString.copyFromUtf8("json/plain"))
          .setData(ByteString.copyFromUtf8(text))
          .build();
    }
  }

  private static PayloadCipher cipher(String keys) throws ServiceException {
    return PayloadCipher.of(new Environment(Map.of("BUTTRESS_CODEC_KEY", keys)));
  }

  private static String key(int seed) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) seed);
    return Base64.getEncoder().encodeToString(bytes);
  }
}
