package io.buttress.access;

import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** Why a TLS connection does not come about, and so which setting is to be looked at. */
public enum TlsProblem {
  EXPIRED("the server's certificate has expired"),
  NOT_YET_VALID("the server's certificate is not valid yet"),
  WRONG_NAME("the server's certificate is for another name"),
  UNTRUSTED("no authority that is trusted here has signed the server's certificate"),
  CLIENT_CERTIFICATE("the server wants another client certificate, or one at all"),
  NO_TLS("the server does not speak TLS"),
  OTHER("the TLS connection cannot be made");

  /** As TLS libraries name the alerts with which a server turns a client's certificate down. */
  private static final Set<String> ALERTS =
      Set.of(
          "certificate_required",
          "bad_certificate",
          "certificate_unknown",
          "unknown_ca",
          "certificate_expired",
          "handshake_failure");

  private final String text;

  TlsProblem(String text) {
    this.text = text;
  }

  /** Empty when the failure has to do with something else. */
  public static Optional<TlsProblem> of(Throwable failure) {
    boolean tls = false;
    for (Throwable t : chain(failure).toList()) {
      String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
      if (t instanceof CertificateExpiredException) {
        return Optional.of(EXPIRED);
      }
      if (t instanceof CertificateNotYetValidException) {
        return Optional.of(NOT_YET_VALID);
      }
      if (t instanceof SSLPeerUnverifiedException
          || t instanceof CertificateException && message.contains("subject alternative")
          || t instanceof CertificateException && message.contains("no name matching")) {
        return Optional.of(WRONG_NAME);
      }
      if (message.contains("unable to find valid certification path")
          || message.contains("none of the trustmanagers trust")
          || message.contains("trust anchor")) {
        return Optional.of(UNTRUSTED);
      }
      if (t instanceof SSLException) {
        tls = true;
        String alert = message.replace(' ', '_');
        if (ALERTS.stream().anyMatch(alert::contains)) {
          return Optional.of(CLIENT_CERTIFICATE);
        }
        if (message.contains("not an ssl/tls record")
            || message.contains("unsupported or unrecognized ssl message")) {
          return Optional.of(NO_TLS);
        }
      }
    }
    return tls ? Optional.of(OTHER) : Optional.empty();
  }

  private static Stream<Throwable> chain(Throwable failure) {
    return Stream.iterate(failure, t -> t != null, Throwable::getCause).limit(20);
  }

  /**
   * One line that names the setting to look at.
   *
   * @param address the setting that says where the server is
   * @param authorities the setting that says whom to trust
   * @param identity the settings that say who we are
   */
  public String line(String address, String authorities, String identity) {
    return text
        + switch (this) {
          case EXPIRED, NOT_YET_VALID ->
              "; have it renewed, and look at the clocks, or check " + address;
          case WRONG_NAME, NO_TLS, OTHER -> "; check " + address;
          case UNTRUSTED -> "; check " + authorities;
          case CLIENT_CERTIFICATE -> "; check " + identity;
        };
  }
}
