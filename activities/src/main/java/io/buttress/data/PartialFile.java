package io.buttress.data;

import io.buttress.storage.DiskWriteException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** What has come of a download. Written by one thread while another asks for its size. */
final class PartialFile implements AutoCloseable {
  /** So many bytes make a download that breaks off worth going on with at once. */
  static final long MUCH = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private volatile long size;
  private volatile IOException failure;
  private boolean begun;

  private PartialFile(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
  }

  static PartialFile open(Path path) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new DiskWriteException(path, e);
    }
    return new PartialFile(path, channel);
  }

  long size() {
    return size;
  }

  void restart() throws IOException {
    channel.truncate(0);
    size = 0;
  }

  /**
   * Appends a piece of an answer.
   *
   * @param from where the answer starts in the whole file; empty: it does not say
   */
  void write(OptionalLong from, byte[] piece) {
    try {
      if (!begun) {
        begin(from);
        begun = true;
      }
      ByteBuffer bytes = ByteBuffer.wrap(piece);
      while (bytes.hasRemaining()) {
        int written = put(bytes);
        size += written;
      }
    } catch (IOException e) {
      failure = e;
      throw new UncheckedIOException(e);
    }
  }

  private void begin(OptionalLong from) throws IOException {
    if (from.isPresent() && from.getAsLong() == 0) {
      restart();
    } else if (from.isEmpty() || from.getAsLong() != size) {
      throw new IOException("the answer does not start where it was asked to");
    }
  }

  private int put(ByteBuffer bytes) throws IOException {
    try {
      return channel.write(bytes, size);
    } catch (IOException e) {
      throw new DiskWriteException(path, e);
    }
  }

  /** Throws what ended the writing, if anything did. */
  void failure() throws IOException {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
