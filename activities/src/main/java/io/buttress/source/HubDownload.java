package io.buttress.source;

import io.buttress.study.HubUri;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import okhttp3.Headers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches files of one commit into the cache, and checks them. */
final class HubDownload {
  private static final Logger LOG = LoggerFactory.getLogger(HubDownload.class);
  private static final int DOWNLOADS = 3;

  private final Hub hub;
  private final HubUri uri;
  private final String commit;
  private final Consumer<String> progress;

  HubDownload(Hub hub, HubUri uri, String commit, Consumer<String> progress) {
    this.hub = hub;
    this.uri = uri;
    this.commit = commit;
    this.progress = progress;
  }

  /** A file of the repository, where it lies in the cache from now on. */
  Path fetch(String name) throws Refusal, SourceException, IOException {
    String path =
        (uri.file() == null ? "/" : "/datasets/")
            + uri.repository()
            + "/resolve/"
            + commit
            + "/"
            + Arrays.stream(name.split("/"))
                .map(HubDownload::encoded)
                .collect(Collectors.joining("/"));
    Headers headers = hub.http().head(path);
    String etag = etag(headers);
    long size = size(headers);
    if (!commit.equals(headers.get("X-Repo-Commit")) || size < 0) {
      throw new IOException("the answer for " + name + " is not a Hugging Face hub's");
    }
    return hub.cache()
        .put(uri, commit, name, etag, partial -> download(path, name, etag, size, partial));
  }

  private static String either(Headers headers, String first, String second) {
    String value = headers.get(first) == null ? headers.get(second) : headers.get(first);
    return value == null ? "" : value;
  }

  private static long size(Headers headers) {
    String size = either(headers, "X-Linked-Size", "Content-Length");
    return size.matches("\\d{1,18}") ? Long.parseLong(size) : -1;
  }

  private static String etag(Headers headers) throws IOException {
    String etag =
        either(headers, "X-Linked-Etag", "ETag").replaceFirst("^W/", "").replace("\"", "");
    if (!etag.matches("[\\w-]{1,128}")) {
      throw new IOException("the answer has no ETag");
    }
    return etag;
  }

  private void download(String path, String name, String etag, long size, Path partial)
      throws Refusal, SourceException, IOException {
    for (int attempt = 1; attempt <= DOWNLOADS; attempt++) {
      hub.http()
          .download(
              path,
              partial,
              size,
              bytes -> progress.accept(name + " " + HttpDownload.megabytes(bytes, size)));
      if (matches(partial, etag, size)) {
        return;
      }
      LOG.warn("{}: {} came with a wrong checksum", uri, name);
      Files.delete(partial);
    }
    throw new SourceException(
        uri
            + ": "
            + name
            + " came "
            + DOWNLOADS
            + " times with another checksum than "
            + hub.access().endpoint()
            + " gives it; look for a proxy that changes downloads, or name another revision");
  }

  /**
   * An ETag is the sha256 of a large file, git's sha1 of a small one; of others nothing is known.
   */
  private static boolean matches(Path file, String etag, long size) throws IOException {
    if (etag.matches("[0-9a-f]{64}")) {
      return digest(file, "SHA-256", "").equals(etag);
    }
    if (etag.matches("[0-9a-f]{40}")) {
      return digest(file, "SHA-1", "blob " + size + "\0").equals(etag);
    }
    return true;
  }

  private static String digest(Path file, String algorithm, String start) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    digest.update(start.getBytes(StandardCharsets.US_ASCII));
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
