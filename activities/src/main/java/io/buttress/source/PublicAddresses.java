package io.buttress.source;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Tells addresses of the public internet from private and other special ones. */
final class PublicAddresses {
  /** What IANA's registry of special-purpose addresses (RFC 6890) has as not globally reachable. */
  private static final List<Network> SPECIAL =
      Stream.of(
              "0.0.0.0/8",
              "10.0.0.0/8",
              "100.64.0.0/10",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "172.16.0.0/12",
              "192.0.0.0/24",
              "192.0.2.0/24",
              "192.88.99.0/24",
              "192.168.0.0/16",
              "198.18.0.0/15",
              "198.51.100.0/24",
              "203.0.113.0/24",
              "224.0.0.0/3",
              // Teredo and ORCHID, documentation, 6to4 (which embeds IPv4 addresses),
              // documentation.
              "2001::/23",
              "2001:db8::/32",
              "2002::/16",
              "3fff::/20")
          .map(Network::parse)
          .toList();

  /** All that is globally reachable by IPv6. */
  private static final Network GLOBAL_UNICAST = Network.parse("2000::/3");

  /** IPv4 behind a gateway of an IPv6 network (RFC 6052). */
  private static final Network TRANSLATED = Network.parse("64:ff9b::/96");

  private PublicAddresses() {}

  static boolean contain(InetAddress address) {
    if (TRANSLATED.contains(address)) {
      byte[] bytes = address.getAddress();
      return contain(ip(Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length)));
    }
    return (address instanceof Inet4Address || GLOBAL_UNICAST.contains(address))
        && SPECIAL.stream().noneMatch(network -> network.contains(address));
  }

  private static InetAddress ip(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private record Network(byte[] start, int bits) {
    static Network parse(String text) {
      String[] parts = text.split("/");
      try {
        // A literal: no name is looked up.
        return new Network(
            InetAddress.getByName(parts[0]).getAddress(), Integer.parseInt(parts[1]));
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(e);
      }
    }

    boolean contains(InetAddress address) {
      byte[] bytes = address.getAddress();
      if (bytes.length != start.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((bytes[bit / 8] & mask) != (start[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }
}
