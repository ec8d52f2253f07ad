package io.buttress.study;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Counter-based seeds: independent streams for every purpose and step of a trial, with no state
 * that a resumed run would have to restore. Purposes: {@code order} (step = epoch), {@code head}
 * and {@code pooler} (step 0), {@code step}.
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
}
