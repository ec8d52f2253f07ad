package io.buttress.storage;

import io.buttress.access.Secrets;
import java.net.URI;
import okhttp3.tls.HandshakeCertificates;

/**
 * Where the object store is and who we are there.
 *
 * @param endpoint {@code http(s)://host:port}
 * @param region as the server has it, {@code us-east-1} for MinIO
 * @param sessionToken of temporary credentials, as a Security Token Service gives them; null
 *     without
 * @param authorities whom to trust; null: whom the JVM trusts
 * @param names for messages that say which setting to look at
 */
public record S3Access(
    URI endpoint,
    String region,
    String accessKey,
    String secretKey,
    String sessionToken,
    HandshakeCertificates authorities,
    Names names) {

  /** What the settings are called where they are made. */
  public record Names(
      String endpoint,
      String region,
      String accessKey,
      String secretKey,
      String sessionToken,
      String authorities,
      String bucket) {}

  /** What the server knows from us and may repeat. */
  Secrets secrets() {
    return new Secrets(secretKey, sessionToken);
  }

  /** Without the secrets. */
  @Override
  public String toString() {
    return "the object store at " + endpoint;
  }
}
