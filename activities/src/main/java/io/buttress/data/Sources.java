package io.buttress.data;

import io.buttress.study.HubUri;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the URIs of a study into local paths: {@code file:/absolute/path}, {@code
 * sample:NAME/SPLIT} (see {@link SampleTask}) and {@code hf:} (see {@link HubUri}), which is
 * fetched if the local Hugging Face cache has it not. Safe for many threads.
 */
public final class Sources {
  private static final Pattern SAMPLE = Pattern.compile("sample:([a-z0-9-]+)/([a-z]+)");

  private final List<Path> fileRoots;
  private final Hub hub;
  private final Path scratch;

  /**
   * @param fileRoots {@code file:} reaches only what lies below one of these after following links
   * @param hub where {@code hf:} leads
   * @param scratch directory for generated files; created when missing
   */
  public Sources(List<Path> fileRoots, Hub hub, Path scratch) throws IOException {
    this.fileRoots = fileRoots.stream().map(Sources::followed).toList();
    this.hub = hub;
    this.scratch = Files.createDirectories(scratch.toAbsolutePath());
  }

  /** What one study takes from the hub. */
  HubSession hubSession() {
    return new HubSession(hub);
  }

  /** The data file that a URI names. */
  Located dataFile(String uri, HubSession session) throws SourceException, IOException {
    Path file;
    String commit = null;
    if (uri.startsWith("hf:")) {
      Located located = session.file(hubUri(uri, true, "hf:datasets/owner/name/file.tsv"));
      file = located.path();
      commit = located.commit();
    } else if (uri.startsWith("file:")) {
      file = file(uri);
    } else if (uri.startsWith("sample:")) {
      file = sample(uri);
    } else {
      throw new SourceException(
          uri
              + " has no scheme that is known for data; use file: with an absolute path, hf: or"
              + " sample:");
    }
    if (!Files.isRegularFile(file)) {
      throw new SourceException(uri + " is a folder or a device, not a file");
    }
    return new Located(readable(file, uri), commit);
  }

  /** The format that a data file's URI tells, or null. */
  static DataFormat format(String uri) {
    return uri.startsWith("sample:") ? DataFormat.TSV : DataFormat.byExtension(uri).orElse(null);
  }

  /** The Hugging Face folder that a model's URI names. */
  Located modelFolder(String uri, HubSession session) throws SourceException, IOException {
    Located folder;
    if (uri.startsWith("file:")) {
      folder = new Located(file(uri), null);
    } else if (uri.startsWith("hf:")) {
      folder = session.model(hubUri(uri, false, "hf:owner/name or hf:owner/name@revision"));
    } else {
      throw new SourceException(
          uri + " has no scheme that is known for models; use file: with an absolute path, or hf:");
    }
    if (!Files.isDirectory(folder.path())) {
      throw new SourceException(uri + " is not a folder");
    }
    readable(folder.path(), uri);
    return folder;
  }

  private static HubUri hubUri(String uri, boolean data, String form) throws SourceException {
    return HubUri.parse(uri)
        .filter(parsed -> (parsed.file() != null) == data)
        .orElseThrow(() -> new SourceException(uri + " is not of the form " + form));
  }

  /**
   * A file in a model's folder, its links followed.
   *
   * @param uri the model's, for messages
   */
  Path inModelFolder(Path folder, String name, String uri) throws SourceException {
    Path file = followed(folder.resolve(name));
    // The hub's cache links to its own blobs; a folder of the author's may link anywhere.
    if (uri.startsWith("file:")) {
      requireAllowed(file, uri + "/" + name);
    }
    return file;
  }

  private Path file(String uri) throws SourceException {
    URI parsed;
    try {
      parsed = new URI(uri);
    } catch (URISyntaxException e) {
      throw new SourceException(
          uri + " is not a valid URI: write a blank as %20, a percent sign as %25");
    }
    if (parsed.getPath() == null
        || !parsed.getPath().startsWith("/")
        || (parsed.getAuthority() != null && !parsed.getAuthority().equals("localhost"))) {
      throw new SourceException(uri + " is not absolute; write file:/folder/name");
    }
    if (parsed.getQuery() != null || parsed.getFragment() != null) {
      throw new SourceException(uri + " is not a file: write ? as %3F and # as %23");
    }
    Path path = followed(Path.of(parsed.getPath()));
    requireAllowed(path, uri);
    if (!Files.exists(path)) {
      throw new SourceException(uri + " does not exist");
    }
    return path;
  }

  private void requireAllowed(Path path, String uri) throws SourceException {
    if (fileRoots.stream().noneMatch(path::startsWith)) {
      throw new SourceException(
          uri + " lies outside the folders that this worker may read (BUTTRESS_FILE_ROOTS)");
    }
  }

  private Path sample(String uri) throws SourceException, IOException {
    Matcher matcher = SAMPLE.matcher(uri);
    String text =
        matcher.matches() ? SampleTask.file(matcher.group(1), matcher.group(2)).orElse(null) : null;
    if (text == null) {
      throw new SourceException(
          uri
              + " is not a sample; there are sample:entailment and sample:sentiment, each with"
              + " /train and /validation");
    }
    Path file = scratch.resolve("sample-" + matcher.group(1) + "-" + matcher.group(2) + ".tsv");
    Path whole = Files.createTempFile(scratch, "sample-", "");
    Files.writeString(whole, text);
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return file;
  }

  /** Follows links as far as the path exists. */
  private static Path followed(Path path) {
    Path normal = path.toAbsolutePath().normalize();
    for (Path there = normal; there != null; there = there.getParent()) {
      try {
        return there.toRealPath().resolve(there.relativize(normal)).normalize();
      } catch (IOException e) {
        // Not there or not to be entered: what is above it decides.
        continue;
      }
    }
    return normal;
  }

  private static Path readable(Path path, String uri) throws SourceException {
    if (!Files.isReadable(path)) {
      throw new SourceException(uri + " cannot be read: permission denied");
    }
    return path;
  }
}
