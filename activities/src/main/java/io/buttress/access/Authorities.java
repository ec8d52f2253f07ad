package io.buttress.access;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import okhttp3.tls.HandshakeCertificates;

/** Certificate authorities that are trusted in place of this machine's. */
public final class Authorities {
  private Authorities() {}

  /**
   * @param bundle certificates in PEM
   * @throws IOException with one line that says what is wrong with the file
   */
  public static HandshakeCertificates read(Path bundle) throws IOException {
    Collection<X509Certificate> certificates = certificates(bundle);
    HandshakeCertificates.Builder trusted = new HandshakeCertificates.Builder();
    certificates.forEach(trusted::addTrustedCertificate);
    return trusted.build();
  }

  /**
   * Checks that a file holds certificates, not all of which have expired.
   *
   * @throws IOException with one line that says what is wrong with the file
   */
  public static void check(Path file) throws IOException {
    certificates(file);
  }

  private static Collection<X509Certificate> certificates(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IOException("cannot read " + file);
    }
    Collection<X509Certificate> certificates;
    try (InputStream in = Files.newInputStream(file)) {
      certificates =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toList();
    } catch (CertificateException e) {
      throw new IOException(file + " holds no certificates in PEM");
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + " holds no certificates in PEM");
    }
    if (certificates.stream().allMatch(Authorities::hasExpired)) {
      X509Certificate first = certificates.iterator().next();
      throw new IOException(
          "the certificate in " + file + " expired on " + first.getNotAfter().toInstant());
    }
    return certificates;
  }

  private static boolean hasExpired(X509Certificate certificate) {
    try {
      certificate.checkValidity();
      return false;
    } catch (CertificateExpiredException e) {
      return true;
    } catch (CertificateException e) {
      return false;
    }
  }
}
