package io.buttress.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/** Archives that tests make up, honest ones and others. */
final class Archives {
  private Archives() {}

  @FunctionalInterface
  interface Fill<T> {
    void into(T archive) throws IOException;
  }

  static byte[] zip(Fill<ZipArchiveOutputStream> fill) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(bytes)) {
      fill.into(zip);
    }
    return bytes.toByteArray();
  }

  /**
   * @param files name, content, name, content, ...
   */
  static byte[] zip(String... files) throws IOException {
    return zip(
        zip -> {
          for (int i = 0; i < files.length; i += 2) {
            add(zip, new ZipArchiveEntry(files[i]), files[i + 1]);
          }
        });
  }

  static void add(ZipArchiveOutputStream zip, ZipArchiveEntry entry, String content)
      throws IOException {
    zip.putArchiveEntry(entry);
    zip.write(content.getBytes(StandardCharsets.UTF_8));
    zip.closeArchiveEntry();
  }

  static byte[] tar(Fill<TarArchiveOutputStream> fill) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      fill.into(tar);
    }
    return bytes.toByteArray();
  }

  static byte[] tar(String... files) throws IOException {
    return tar(
        tar -> {
          for (int i = 0; i < files.length; i += 2) {
            add(tar, new TarArchiveEntry(files[i], true), files[i + 1]);
          }
        });
  }

  static void add(TarArchiveOutputStream tar, TarArchiveEntry entry, String content)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }
}
