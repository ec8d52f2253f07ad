package io.buttress.study;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Random;

/**
 * Counter-based seeds: independent streams for every purpose and step of a trial, with no state
 * that a resumed run would have to restore. docs/methods.md lists the purposes.
 */
public final class Seeds {
  private Seeds() {}

  /**
   * The first 8 bytes, big-endian, of SHA-256 over the UTF-8 text {@code <seed>/<purpose>/<step>}.
   */
  public static long derive(long seed, String purpose, long step) {
    String text = seed + "/" + purpose + "/" + step;
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * The numbers 0 to n - 1 in random order. Fisher-Yates (Durstenfeld 1964): for i = n-1 down to 1,
   * swap positions i and {@code random.nextInt(i + 1)}, with {@link Random} of the given seed.
   */
  public static int[] permutation(int n, long seed) {
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    Random random = new Random(seed);
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}
