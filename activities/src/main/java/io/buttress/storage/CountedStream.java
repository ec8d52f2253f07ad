package io.buttress.storage;

import com.codahale.metrics.Counter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Counts the bytes that are read, and the streams that break off, which are read again. */
final class CountedStream extends FilterInputStream {
  private final Counter bytes;
  private final RetryCounter broken;

  CountedStream(InputStream in, Counter bytes, RetryCounter broken) {
    super(in);
    this.bytes = bytes;
    this.broken = broken;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    try {
      int read = in.read(into, offset, length);
      bytes.inc(Math.max(0, read));
      return read;
    } catch (IOException e) {
      broken.problem(e);
      throw e;
    }
  }
}
