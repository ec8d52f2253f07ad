package io.buttress.source;

import com.codahale.metrics.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Downloads a file, going on where an earlier one stopped. */
final class HttpDownload {
  private static final Logger LOG = LoggerFactory.getLogger(HttpDownload.class);
  private static final int MEGABYTE = 1_000_000;

  /** The range that is asked for. */
  private static final int NOT_THERE = 416;

  private final Http http;
  private final HttpUrl url;
  private final Path file;
  private final Resumption resumption;
  private final LongConsumer progress;
  private final Counter received;

  /** The most that has come, ever: a server that begins anew each time gives nothing. */
  private long furthest;

  /**
   * @param file what is there of it; grows
   * @param progress told its size about once a second; what it throws ends the download
   */
  HttpDownload(Http http, HttpUrl url, Path file, Resumption resumption, LongConsumer progress) {
    this.http = http;
    this.url = url;
    this.file = file;
    this.resumption = resumption;
    this.progress = progress;
    this.received = http.received();
  }

  /**
   * How far a download is, for people.
   *
   * @param size -1: not known
   */
  static String megabytes(long bytes, long size) {
    return bytes / MEGABYTE + (size < 0 ? "" : " of " + size / MEGABYTE) + " MB";
  }

  void run() throws Refusal, IOException {
    furthest = Files.exists(file) ? Files.size(file) : 0;
    boolean whole = false;
    while (!whole) {
      // A cut that came after much is no failure: patience is for servers that give nothing.
      whole = http.retries().of(this::goOn);
    }
  }

  /** Whether the file is whole. */
  private boolean goOn() throws Refusal, IOException {
    try (PartialFile part = PartialFile.open(file)) {
      if (part.size() == resumption.size()) {
        return true;
      }
      if (resumption.size() >= 0 && part.size() > resumption.size()) {
        part.restart();
      }
      Map<String, String> headers = new HashMap<>(Http.IDENTITY);
      Map<String, String> conditions = resumption.conditions();
      if (conditions == null) {
        part.restart();
      } else if (part.size() > 0) {
        headers.put("Range", "bytes=" + part.size() + "-");
        headers.putAll(conditions);
      }
      part.requireSpace(resumption.size());
      progress.accept(part.size());
      try {
        http.stream(url, headers, answer -> take(answer, part), () -> progress.accept(part.size()));
      } catch (IOException e) {
        if (e instanceof BusyException busy && busy.status() == NOT_THERE) {
          part.restart();
        }
        if (!Retries.isTransient(e) || part.size() - furthest < PartialFile.MUCH) {
          throw e;
        }
        furthest = part.size();
        LOG.info("{} breaks off after {} bytes, going on: {}", http, part.size(), e.toString());
        return false;
      }
      if (resumption.size() >= 0 && part.size() != resumption.size()) {
        throw new IOException("the file has " + part.size() + " bytes, not " + resumption.size());
      }
      return true;
    }
  }

  /** Its size then. */
  private long take(Response answer, PartialFile part) throws IOException {
    part.begin(answer.code() == Http.OK ? OptionalLong.of(0) : contentStart(answer));
    resumption.begin(part, answer);
    requireAtMost(resumption.most(), resumption.size());
    part.requireSpace(resumption.size());
    long before = part.size();
    try {
      long size = part.append(answer.body().byteStream(), resumption.most());
      requireAtMost(resumption.most(), size);
      return size;
    } finally {
      received.inc(part.size() - before);
    }
  }

  private static void requireAtMost(long most, long bytes) throws FinalException {
    if (bytes > most) {
      throw new FinalException("is larger than " + most / MEGABYTE + " MB");
    }
  }

  /** Of {@code Content-Range: bytes 100-199/200}, 100. */
  private static OptionalLong contentStart(Response answer) {
    String range = answer.header("Content-Range", "");
    String start = range.replaceFirst("^bytes (\\d{1,18})-.*$", "$1");
    return start.matches("\\d+") ? OptionalLong.of(Long.parseLong(start)) : OptionalLong.empty();
  }
}
