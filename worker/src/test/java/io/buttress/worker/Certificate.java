package io.buttress.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** Certificates of tests: an authority, and what it signs for servers and clients. */
record Certificate(HeldCertificate held) {

  static HeldCertificate newAuthority() {
    return new HeldCertificate.Builder().certificateAuthority(0).build();
  }

  static Certificate good(HeldCertificate authority) {
    return signed(authority, "127.0.0.1", Duration.ofDays(1));
  }

  /**
   * @param name of the server
   * @param left until it expires, negative when it has expired
   */
  static Certificate signed(HeldCertificate authority, String name, Duration left) {
    Instant end = Instant.now().plus(left);
    HeldCertificate held =
        new HeldCertificate.Builder()
            .signedBy(authority)
            .addSubjectAlternativeName(name)
            .validityInterval(end.minus(Duration.ofDays(9)).toEpochMilli(), end.toEpochMilli())
            .build();
    return new Certificate(held);
  }

  /** For a server. */
  HandshakeCertificates handshake() {
    return new HandshakeCertificates.Builder().heldCertificate(held).build();
  }

  /** The certificate's file; its key's has the name's end {@code .key} for {@code .crt}. */
  Path write(Path folder, String name) throws IOException {
    Files.writeString(folder.resolve(name + ".key"), held.privateKeyPkcs8Pem());
    return Files.writeString(folder.resolve(name + ".crt"), held.certificatePem());
  }

  static Path writeAuthority(HeldCertificate authority, Path file) throws IOException {
    return Files.writeString(file, authority.certificatePem());
  }
}
