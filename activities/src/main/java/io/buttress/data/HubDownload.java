package io.buttress.data;

import io.buttress.storage.DiskWriteException;
import io.buttress.study.HubUri;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches files of one commit into the cache, and checks them. */
final class HubDownload {
  private static final Logger LOG = LoggerFactory.getLogger(HubDownload.class);
  private static final int DOWNLOADS = 3;
  private static final int MEGABYTE = 1_000_000;

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
  Path fetch(String name) throws HubRefusal, SourceException, IOException {
    String path =
        (uri.file() == null ? "/" : "/datasets/")
            + uri.repository()
            + "/resolve/"
            + commit
            + "/"
            + Arrays.stream(name.split("/"))
                .map(HubDownload::encoded)
                .collect(Collectors.joining("/"));
    HttpHeaders headers = hub.http().head(path);
    String etag = etag(headers);
    long size =
        headers
            .firstValueAsLong("X-Linked-Size")
            .orElse(headers.firstValueAsLong("Content-Length").orElse(-1));
    if (!headers.firstValue("X-Repo-Commit").orElse("").equals(commit) || size < 0) {
      throw new IOException("the answer for " + name + " is not a Hugging Face hub's");
    }
    return hub.cache()
        .put(uri, commit, name, etag, partial -> download(path, name, etag, size, partial));
  }

  private static String etag(HttpHeaders headers) throws IOException {
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .orElse(headers.firstValue("ETag").orElse(""))
            .replaceFirst("^W/", "")
            .replace("\"", "");
    if (!etag.matches("[\\w-]{1,128}")) {
      throw new IOException("the answer has no ETag");
    }
    return etag;
  }

  private void download(String path, String name, String etag, long size, Path partial)
      throws HubRefusal, SourceException, IOException {
    for (int attempt = 1; attempt <= DOWNLOADS; attempt++) {
      requireSpace(partial, size);
      hub.http()
          .download(
              path,
              partial,
              size,
              bytes ->
                  progress.accept(
                      name + " " + bytes / MEGABYTE + " of " + size / MEGABYTE + " MB"));
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
            + hub.http().endpoint()
            + " gives it; look for a proxy that changes downloads, or name another revision");
  }

  private static void requireSpace(Path partial, long size) throws IOException {
    long there = Files.exists(partial) ? Files.size(partial) : 0;
    long free = Files.getFileStore(partial.getParent()).getUsableSpace();
    if (free < size - there) {
      throw new DiskWriteException(
          partial, new IOException((size - there) / MEGABYTE + " MB are to come"));
    }
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
