package io.buttress.storage;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** This disk does not take what is written to it: it is full, most likely. */
public final class DiskWriteException extends IOException {
  private static final long serialVersionUID = 1L;

  public DiskWriteException(Path file, IOException cause) {
    super("cannot write " + file + " (" + free(file) + "): " + cause.getMessage(), cause);
  }

  private static String free(Path file) {
    try {
      return Files.getFileStore(file.getParent()).getUsableSpace() / 1_000_000 + " MB free there";
    } catch (IOException e) {
      return "free space unknown";
    }
  }

  /** A stream to a file that tells its failures from those of what is read meanwhile. */
  public static OutputStream stream(Path file) throws IOException {
    OutputStream out;
    try {
      out = Files.newOutputStream(file);
    } catch (IOException e) {
      throw new DiskWriteException(file, e);
    }
    return new FilterOutputStream(out) {
      @Override
      public void write(int b) throws IOException {
        try {
          out.write(b);
        } catch (IOException e) {
          throw new DiskWriteException(file, e);
        }
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
          out.write(bytes, offset, length);
        } catch (IOException e) {
          throw new DiskWriteException(file, e);
        }
      }
    };
  }
}
