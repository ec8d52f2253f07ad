package io.buttress.source;

import io.buttress.storage.DiskWriteException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** The part of a file that has been downloaded. One thread writes while others ask its size. */
final class PartialFile implements AutoCloseable {
  /** A download that breaks off after this many bytes is resumed without delay. */
  static final long MUCH = 1 << 20;

  private static final int PIECE = 1 << 16;
  private static final int MEGABYTE = 1_000_000;

  private final Path path;
  private final FileChannel channel;
  private volatile long size;

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
   * Prepares for the content of an answer.
   *
   * @param from where it starts in the whole file; empty: it does not say
   */
  void begin(OptionalLong from) throws IOException {
    if (from.isPresent() && from.getAsLong() == 0) {
      restart();
    } else if (from.isEmpty() || from.getAsLong() != size) {
      throw new IOException("the answer does not start where it was asked to");
    }
  }

  /**
   * Appends a stream, until the file is larger than {@code most}.
   *
   * @return how large the file is now
   */
  long append(InputStream in, long most) throws IOException {
    byte[] piece = new byte[PIECE];
    int read;
    while (size <= most && (read = in.read(piece)) >= 0) {
      ByteBuffer bytes = ByteBuffer.wrap(piece, 0, read);
      while (bytes.hasRemaining()) {
        int written = put(bytes);
        size += written;
      }
    }
    return size;
  }

  /**
   * Throws when this disk has no room for the whole file.
   *
   * @param whole its bytes, or -1
   */
  void requireSpace(long whole) throws IOException {
    long free = Files.getFileStore(path.toAbsolutePath().getParent()).getUsableSpace();
    if (free < whole - size) {
      throw new DiskWriteException(
          path, new IOException((whole - size) / MEGABYTE + " MB are to come"));
    }
  }

  private int put(ByteBuffer bytes) throws IOException {
    try {
      return channel.write(bytes, size);
    } catch (IOException e) {
      throw new DiskWriteException(path, e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
