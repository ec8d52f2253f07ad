package io.buttress.worker;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.buttress.activity.Messages;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.codec.PayloadCodecException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts what enters Temporal's histories, with AES-256 in Galois/Counter Mode (NIST SP 800-38D).
 * The first key encrypts, every key decrypts, so that keys can be changed. Without keys nothing is
 * encrypted. What comes unencrypted is taken as it is: studies that the Temporal CLI starts are.
 */
final class PayloadCipher implements PayloadCodec {
  static final String SETTING = "BUTTRESS_CODEC_KEY";
  private static final String ENCODING = "encoding";
  private static final String KEY_ID = "encryption-key-id";
  private static final ByteString ENCRYPTED = ByteString.copyFromUtf8("binary/encrypted");
  private static final String TRANSFORMATION = "AES/GCM/NoPadding";
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final SecureRandom random = new SecureRandom();
  private final List<Key> keys;

  private PayloadCipher(List<Key> keys) {
    this.keys = keys;
  }

  private record Key(String id, SecretKeySpec secret) {
    static Key of(byte[] bytes) {
      try {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        String id = HexFormat.of().formatHex(digest, 0, 8);
        return new Key(id, new SecretKeySpec(bytes, "AES"));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** With the keys of {@code BUTTRESS_CODEC_KEY}, in base64, with commas or blanks between them. */
  static PayloadCipher of(Environment environment) throws ServiceException {
    List<Key> keys = new ArrayList<>();
    for (String text : environment.get(SETTING).orElse("").split("[,\\s]+")) {
      if (!text.isEmpty()) {
        keys.add(key(text, keys.size() + 1));
      }
    }
    return new PayloadCipher(List.copyOf(keys));
  }

  private static Key key(String text, int number) throws ServiceException {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      bytes = new byte[0];
    }
    if (bytes.length != KEY_BYTES) {
      throw new ServiceException(
          SETTING
              + ": key "
              + number
              + " is not 32 bytes in base64; make one with: openssl rand -base64 32");
    }
    return Key.of(bytes);
  }

  /** With keys failures are encrypted, too. */
  DataConverter converter() {
    return new CodecDataConverter(Messages.CONVERTER, List.of(this), !keys.isEmpty());
  }

  @Override
  public List<Payload> encode(List<Payload> payloads) {
    return keys.isEmpty() ? payloads : payloads.stream().map(this::encrypt).toList();
  }

  @Override
  public List<Payload> decode(List<Payload> payloads) {
    return payloads.stream()
        .map(
            payload ->
                ENCRYPTED.equals(payload.getMetadataMap().get(ENCODING))
                    ? decrypt(payload)
                    : payload)
        .toList();
  }

  private Payload encrypt(Payload payload) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    Key key = keys.get(0);
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, nonce).doFinal(payload.toByteArray());
      byte[] data =
          ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
      return Payload.newBuilder()
          .putMetadata(ENCODING, ENCRYPTED)
          .putMetadata(KEY_ID, ByteString.copyFromUtf8(key.id()))
          .setData(ByteString.copyFrom(data))
          .build();
    } catch (GeneralSecurityException e) {
      throw new PayloadCodecException("a payload cannot be encrypted", e);
    }
  }

  private Payload decrypt(Payload payload) {
    String id = payload.getMetadataMap().getOrDefault(KEY_ID, ByteString.EMPTY).toStringUtf8();
    Key key =
        keys.stream()
            .filter(candidate -> candidate.id().equals(id))
            .findFirst()
            .orElseThrow(
                () ->
                    new PayloadCodecException(
                        "a payload is encrypted with key "
                            + id
                            + ", which is not among "
                            + SETTING
                            + "'s: add it there"));
    byte[] data = payload.getData().toByteArray();
    if (data.length < NONCE_BYTES + TAG_BITS / Byte.SIZE) {
      throw new PayloadCodecException("an encrypted payload has been changed or cut");
    }
    try {
      return Payload.parseFrom(
          cipher(Cipher.DECRYPT_MODE, key, Arrays.copyOf(data, NONCE_BYTES))
              .doFinal(data, NONCE_BYTES, data.length - NONCE_BYTES));
    } catch (AEADBadTagException | InvalidProtocolBufferException e) {
      throw new PayloadCodecException("an encrypted payload has been changed or cut", e);
    } catch (GeneralSecurityException e) {
      throw new PayloadCodecException("a payload cannot be decrypted", e);
    }
  }

  /** The key's id is authenticated beside the data. */
  private static Cipher cipher(int mode, Key key, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(TRANSFORMATION);
    cipher.init(mode, key.secret(), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(key.id().getBytes(StandardCharsets.US_ASCII));
    return cipher;
  }
}
