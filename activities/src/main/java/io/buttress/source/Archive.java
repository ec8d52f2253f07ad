package io.buttress.source;

import io.buttress.storage.DiskWriteException;
import io.buttress.study.Quote;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * Files of an archive from an untrusted source. Only files that are asked for are written, to paths
 * that the caller chooses, and unpacking stops at limits that an archive bomb would exceed.
 */
final class Archive {
  /** Most bytes of the headers of one entry; real ones have some hundred. */
  private static final long HEADER = 1 << 20;

  private static final int MEGABYTE = 1_000_000;

  private final Path file;
  private final String uri;
  private final Limits limits;
  private final long most;

  /**
   * @param uri for messages; its end tells the kind
   */
  Archive(Path file, String uri, Limits limits) throws IOException {
    this.file = file;
    this.uri = uri;
    this.limits = limits;
    this.most =
        Math.min(limits.bytes(), Math.max(limits.small(), limits.ratio() * Files.size(file)));
  }

  /**
   * What an archive must not exceed.
   *
   * @param entries at most
   * @param bytes unpacked, at most
   * @param ratio unpacked bytes for each packed one, at most
   * @param small what may be unpacked whatever the ratio
   */
  record Limits(int entries, long bytes, long ratio, long small) {
    /** The ratio of ordinary text is about 20, the largest that deflate reaches is 1000. */
    static final Limits DEFAULT = new Limits(100_000, 20_000_000_000L, 200, 64_000_000);
  }

  /** Unpacks a single file that gzip made. */
  void gunzip(Path to) throws SourceException, IOException {
    reading(
        () -> {
          try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            copy(in, "its content", to);
          }
        });
  }

  /**
   * Unpacks files.
   *
   * @param wanted where to, by their paths in the archive
   * @return the paths of all files in the archive
   * @throws SourceException when the archive is broken, exceeds a limit or names unsafe paths
   */
  Set<String> unpack(Map<String, Path> wanted) throws SourceException, IOException {
    Set<String> names = new TreeSet<>();
    reading(
        () -> {
          if (uri.replaceFirst("\\?.*", "").toLowerCase(Locale.ROOT).endsWith(".zip")) {
            unzip(wanted, names);
          } else {
            untar(wanted, names);
          }
        });
    return names;
  }

  private void unzip(Map<String, Path> wanted, Set<String> names)
      throws SourceException, IOException {
    try (java.util.zip.ZipFile counted = new java.util.zip.ZipFile(file.toFile())) {
      // Checked first: the reader below makes an object for each entry.
      requireFew(counted.size());
    }
    try (ZipFile zip = ZipFile.builder().setPath(file).get()) {
      for (ZipArchiveEntry entry : (Iterable<ZipArchiveEntry>) () -> iterator(zip)) {
        Path to = wanted(entry.getName(), entry.isDirectory(), wanted, names);
        if (to == null) {
          continue;
        }
        if (entry.isUnixSymlink()) {
          throw refused(entry.getName(), "is a link, not a file");
        }
        int kind = entry.getUnixMode() & 0170000;
        if (kind != 0 && kind != 0100000) {
          throw refused(entry.getName(), "is a device, not a file");
        }
        if (!zip.canReadEntryData(entry)) {
          throw refused(
              entry.getName(), "is encrypted or packed in a way that is not known; pack it anew");
        }
        try (InputStream in = zip.getInputStream(entry)) {
          copy(in, entry.getName(), to);
        }
      }
    }
  }

  private static Iterator<ZipArchiveEntry> iterator(ZipFile zip) {
    return zip.getEntries().asIterator();
  }

  private void untar(Map<String, Path> wanted, Set<String> names)
      throws SourceException, IOException {
    try (InputStream packed = new BufferedInputStream(Files.newInputStream(file));
        Bounded unpacked = new Bounded(new GZIPInputStream(packed), most);
        TarArchiveInputStream tar = new TarArchiveInputStream(unpacked)) {
      int entries = 0;
      for (TarArchiveEntry entry = next(tar, unpacked, "its beginning");
          entry != null;
          entry = next(tar, unpacked, entry.getName())) {
        requireFew(++entries);
        Path to = wanted(entry.getName(), entry.isDirectory(), wanted, names);
        if (to == null) {
          continue;
        }
        if (entry.isSymbolicLink() || entry.isLink()) {
          throw refused(entry.getName(), "is a link, not a file");
        }
        if (entry.isCharacterDevice() || entry.isBlockDevice() || entry.isFIFO()) {
          throw refused(entry.getName(), "is a device, not a file");
        }
        copy(tar, entry.getName(), to);
      }
    }
  }

  /**
   * Goes to the next entry. Headers are kept in memory and so limited; the rest of the entry before
   * is skipped first, because it is not.
   */
  private TarArchiveEntry next(TarArchiveInputStream tar, Bounded unpacked, String last)
      throws IOException {
    try {
      if (tar.getCurrentEntry() != null) {
        tar.transferTo(OutputStream.nullOutputStream());
      }
      unpacked.allow(HEADER);
      return tar.getNextEntry();
    } catch (TooMuchException e) {
      throw tooLarge(last);
    } finally {
      unpacked.allow(Long.MAX_VALUE);
    }
  }

  private void requireFew(int entries) throws SourceException {
    if (entries > limits.entries()) {
      throw new SourceException(
          uri + " has more than " + limits.entries() + " entries; pack only what is needed");
    }
  }

  /** Where an entry is to be written; null when it is not asked for. */
  private Path wanted(String written, boolean folder, Map<String, Path> wanted, Set<String> names)
      throws SourceException {
    String name = written.replace('\\', '/');
    if (name.startsWith("/")
        || name.matches("[A-Za-z]:.*")
        || Arrays.asList(name.split("/")).contains("..")) {
      throw refused(name, "leads out of the archive");
    }
    String path = name.replaceFirst("^(\\./)+", "");
    if (folder) {
      return null;
    }
    if (!names.add(path) && wanted.containsKey(path)) {
      throw refused(name, "is there twice");
    }
    return wanted.get(path);
  }

  private SourceException refused(String entry, String problem) {
    return new SourceException(uri + ": " + printable(entry) + " " + problem);
  }

  private static String printable(String entry) {
    return Quote.line(entry, 200);
  }

  private void copy(InputStream in, String entry, Path to) throws IOException {
    try (OutputStream out = DiskWriteException.stream(to)) {
      new Bounded(in, most).transferTo(out);
    } catch (TooMuchException e) {
      throw tooLarge(entry);
    }
  }

  private TooLargeException tooLarge(String entry) {
    return new TooLargeException(
        uri
            + ": "
            + printable(entry)
            + " unpacks to more than "
            + most / MEGABYTE
            + " MB, which is more than "
            + (most == limits.bytes() ? "is taken" : limits.ratio() + " times the archive")
            + "; name the unpacked file if it is meant to be so");
  }

  @FunctionalInterface
  private interface Reading {
    void run() throws SourceException, IOException;
  }

  private void reading(Reading reading) throws SourceException, IOException {
    try {
      reading.run();
    } catch (DiskWriteException e) {
      throw e;
    } catch (TooLargeException e) {
      throw new SourceException(e.getMessage());
    } catch (IOException | RuntimeException e) {
      throw new SourceException(
          uri
              + " cannot be unpacked: it is broken, or of another kind than its name says ("
              + printable(String.valueOf(e.getMessage()))
              + ")");
    }
  }

  /** Names the file that is too large. */
  private static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLargeException(String message) {
      super(message);
    }
  }

  private static final class TooMuchException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Fails when more bytes are read than are allowed in total, or since the last call of allow. */
  private static final class Bounded extends FilterInputStream {
    private long left;
    private long now = Long.MAX_VALUE;

    Bounded(InputStream in, long most) {
      super(in);
      this.left = most;
    }

    void allow(long bytes) {
      now = bytes;
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      count(read < 0 ? 0 : 1);
      return read;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = super.read(into, offset, length);
      count(Math.max(read, 0));
      return read;
    }

    @Override
    public long skip(long bytes) throws IOException {
      long skipped = super.skip(bytes);
      count(skipped);
      return skipped;
    }

    private void count(long bytes) throws TooMuchException {
      left -= bytes;
      now -= bytes;
      if (left < 0 || now < 0) {
        throw new TooMuchException();
      }
    }
  }
}
