package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import io.buttress.storage.DiskWriteException;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Json;
import io.buttress.study.SourceUri;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/**
 * Files at {@code https:} addresses on the public internet. What a study can make a worker ask for
 * must not reach the network that the worker stands in. Safe for many threads.
 */
final class WebFiles {
  private static final long LARGEST = 20_000_000_000L;

  private final Path parts;
  private final Path locks;
  private final OkHttpClient base;
  private final Predicate<InetAddress> admitted;
  private final Pace pace;
  private final MetricRegistry metrics;

  /**
   * @param folder of downloads that are under way; created when missing
   * @param metrics where bytes and retries are counted
   */
  WebFiles(Path folder, MetricRegistry metrics) throws IOException {
    this(folder, new OkHttpClient(), PublicAddresses::contain, Pace.DEFAULT, metrics);
  }

  WebFiles(
      Path folder,
      OkHttpClient base,
      Predicate<InetAddress> admitted,
      Pace pace,
      MetricRegistry metrics)
      throws IOException {
    this.parts = Files.createDirectories(folder.resolve("parts"));
    this.locks = Files.createDirectories(folder.resolve("locks"));
    ScratchFolder.sweep(parts);
    // A proxy would connect for the worker, and nobody could say where to.
    this.base = base.newBuilder().proxy(Proxy.NO_PROXY).build();
    this.admitted = admitted;
    this.pace = pace;
    this.metrics = metrics;
  }

  /**
   * Downloads a file, going on where an earlier call was cut.
   *
   * @param into where it lies when it is whole; on the disk that the folder is on
   */
  void fetch(SourceUri uri, Path into, Consumer<String> progress)
      throws SourceException, IOException {
    HttpUrl url = HttpUrl.parse(uri.location());
    if (url == null || !url.isHttps()) {
      throw new SourceException(uri.location() + " is no https address");
    }
    String name = Json.sha256(uri.location());
    Path part = parts.resolve(name);
    Http http = new Http(base, admitted, new PublicSite(url.host()), pace, metrics, "web");
    try {
      FileLocks.holding(
          locks.resolve(name),
          () -> {
            Unchanged unchanged = new Unchanged(parts.resolve(name + ".validator"));
            new HttpDownload(
                    http,
                    url,
                    part,
                    unchanged,
                    bytes -> progress.accept(HttpDownload.megabytes(bytes, unchanged.size())))
                .run();
            Files.move(part, into, StandardCopyOption.ATOMIC_MOVE);
            unchanged.forget();
          });
    } catch (Refusal e) {
      throw new SourceException(uri.location() + refused(e.status()));
    } catch (DiskWriteException e) {
      throw e;
    } catch (IOException e) {
      throw failed(uri, url, e);
    }
  }

  private static String refused(int status) {
    return switch (status) {
      case 401, 403, 407 ->
          " is not for everybody (status "
              + status
              + "); give a public address, or put the file into a bucket (s3:) or a folder (file:)"
              + " of the worker";
      case 404, 410 -> " is not there (status " + status + "); check the address";
      default -> " is refused with status " + status + "; check the address";
    };
  }

  private static IOException failed(SourceUri uri, HttpUrl url, IOException problem)
      throws SourceException {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof AdmittedSockets.AddressException) {
        throw new SourceException(
            uri.location()
                + " leads to an address that is not on the public internet, which https: may not"
                + " reach; use file: or s3: for what is inside the worker's network");
      }
      if (cause instanceof FinalException) {
        throw new SourceException(uri.location() + ": " + cause.getMessage());
      }
    }
    return new IOException(
        uri.location()
            + " cannot be fetched: "
            + problem.getMessage()
            + " ("
            + problem.getClass().getSimpleName()
            + "); check the address, and that the worker can reach "
            + url.host()
            + " without a proxy",
        problem);
  }

  /** The server that a study names and those it sends on to. */
  private record PublicSite(String name) implements Http.Site {
    @Override
    public Map<String, String> headers(HttpUrl to) {
      return Map.of();
    }

    @Override
    public void checkRedirect(HttpUrl from, HttpUrl to) throws IOException {
      if (!to.isHttps()) {
        throw new FinalException(from.host() + " redirects to no https address");
      }
      if (!to.username().isEmpty() || !to.password().isEmpty()) {
        throw new FinalException(from.host() + " redirects to an address with a user or password");
      }
    }

    /** Every attempt follows redirects from the first server, so that no link has expired. */
    @Override
    public boolean isFinal(HttpUrl from) {
      return true;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Goes on with a file as long as the server says that it is the same. */
  private static final class Unchanged implements Resumption {
    private final Path file;
    private String validator;
    private volatile long size = -1;

    Unchanged(Path file) throws IOException {
      this.file = file;
      this.validator = Files.exists(file) ? Files.readString(file) : "";
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public long most() {
      return LARGEST;
    }

    @Override
    public Map<String, String> conditions() {
      return validator.isEmpty() ? null : Map.of("If-Range", validator);
    }

    @Override
    public void begin(PartialFile part, Response answer) throws IOException {
      if (!answer.header("Content-Encoding", "identity").equals("identity")) {
        throw new FinalException("the server compresses what was asked for as it is");
      }
      String found = validator(answer);
      if (answer.code() == Http.PARTIAL && !found.isEmpty() && !found.equals(validator)) {
        // The server supports ranges, but ignores If-Range.
        part.restart();
        forget();
        throw new IOException("the file has changed while it was downloaded");
      }
      if (answer.code() == Http.OK) {
        validator = found;
        Files.writeString(file, validator);
      }
      size = size(answer);
    }

    void forget() throws IOException {
      validator = "";
      Files.deleteIfExists(file);
    }

    private static String validator(Response answer) {
      String etag = answer.header("ETag", "");
      return etag.startsWith("\"") ? etag : answer.header("Last-Modified", "");
    }

    private static long size(Response answer) {
      String length =
          answer.code() == Http.OK
              ? answer.header("Content-Length", "")
              : answer.header("Content-Range", "").replaceFirst("^.*/", "");
      return length.matches("\\d{1,18}") ? Long.parseLong(length) : -1;
    }
  }
}
