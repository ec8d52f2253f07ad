package io.buttress.source;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.function.Predicate;
import javax.net.SocketFactory;

/**
 * Sockets that connect to admitted addresses only. The address asked about is the one that is then
 * connected to, whatever a name meant before.
 */
final class AdmittedSockets extends SocketFactory {
  private final Predicate<InetAddress> admitted;

  AdmittedSockets(Predicate<InetAddress> admitted) {
    this.admitted = admitted;
  }

  @Override
  public Socket createSocket() {
    return new Socket() {
      @Override
      public void connect(SocketAddress to, int timeout) throws IOException {
        InetAddress address = ((InetSocketAddress) to).getAddress();
        if (address == null || !admitted.test(address)) {
          throw new AddressException();
        }
        try {
          super.connect(to, timeout);
        } catch (SocketTimeoutException e) {
          // Not a time-out, which would read like a server that is connected and slow.
          throw new ConnectException("no connection within " + timeout + " ms");
        }
      }
    };
  }

  /** Not the address, which may be a secret of the network's. */
  static final class AddressException extends FinalException {
    private static final long serialVersionUID = 1L;

    AddressException() {
      super("an address that is not admitted");
    }
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException();
  }
}
