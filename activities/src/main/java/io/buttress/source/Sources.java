package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import io.buttress.model.ModelFolder;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.HubUri;
import io.buttress.study.S3Uri;
import io.buttress.study.SourceUri;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the URIs of a study into local paths: {@code file:/absolute/path}, {@code
 * sample:NAME/SPLIT} (see {@link SampleTask}), {@code hf:} (see {@link HubUri}), which is fetched
 * if the local Hugging Face cache has it not, {@code https:} and {@code s3:}. Safe for many
 * threads.
 */
public final class Sources {
  private static final Pattern SAMPLE = Pattern.compile("sample:([a-z0-9-]+)/([a-z]+)");
  private static final int SHOWN = 10;

  private final FileRoots fileRoots;
  private final Hub hub;
  private final WebFiles web;
  private final Buckets buckets;
  private final Path scratch;
  private final Path sessions;

  /**
   * @param fileRoots where {@code file:} leads
   * @param hub where {@code hf:} leads
   * @param buckets where {@code s3:} leads
   * @param scratch directory for files that are generated or fetched; created when missing
   * @param metrics where bytes and retries are counted
   */
  public Sources(
      FileRoots fileRoots, Hub hub, Buckets buckets, Path scratch, MetricRegistry metrics)
      throws IOException {
    this(fileRoots, hub, new WebFiles(scratch.resolve("downloads"), metrics), buckets, scratch);
  }

  Sources(FileRoots fileRoots, Hub hub, WebFiles web, Buckets buckets, Path scratch)
      throws IOException {
    this.fileRoots = fileRoots;
    this.hub = hub;
    this.web = web;
    this.buckets = buckets;
    this.scratch = Files.createDirectories(scratch.toAbsolutePath());
    this.sessions = Files.createDirectories(this.scratch.resolve("sources"));
    ScratchFolder.sweep(sessions);
  }

  /** A session in which one study reads its sources. */
  public SourceSession session() throws IOException {
    return new SourceSession(hub, new ScratchFolder(sessions));
  }

  /** The data file that a URI names. */
  public Located dataFile(String text, SourceSession session) throws SourceException, IOException {
    SourceUri uri = parsed(text, true);
    Located found = located(uri, session, true);
    if (!Files.isRegularFile(found.path())) {
      throw new SourceException(uri.location() + " is a folder or a device, not a file");
    }
    requireReadable(found.path(), uri.location());
    Path file = found.path();
    if (uri.member() != null) {
      file = member(uri, file, session);
    }
    if (uri.isCompressed()) {
      Path packed = file;
      file = session.once("gunzip " + text, to -> archive(packed, text).gunzip(to));
    }
    return new Located(file, found.commit());
  }

  private static SourceUri parsed(String text, boolean data) throws SourceException {
    SourceUri uri = SourceUri.parse(text);
    String problem = uri.problem(data).orElse(null);
    if (problem != null) {
      throw new SourceException(problem);
    }
    return uri;
  }

  /** What is at the location. */
  private Located located(SourceUri uri, SourceSession session, boolean data)
      throws SourceException, IOException {
    String location = uri.location();
    boolean file = data || uri.isArchive();
    if (location.startsWith("file:")) {
      return new Located(file(location), null);
    }
    if (location.startsWith("hf:") && file) {
      return session.hub().file(hubUri(location, true, "hf:datasets/owner/name/file.tsv"));
    }
    if (location.startsWith("hf:")) {
      return session
          .hub()
          .model(hubUri(location, false, "hf:owner/name or hf:owner/name@revision"));
    }
    if (location.startsWith("https:")) {
      return new Located(fetched(uri, session, to -> web.fetch(uri, to, session.progress())), null);
    }
    if (location.startsWith("s3:") && file) {
      return new Located(fetched(uri, session, to -> object(location, to)), null);
    }
    if (location.startsWith("s3:")) {
      return new Located(session.once(location, to -> folder(location, to)), null);
    }
    if (location.startsWith("sample:") && data) {
      return new Located(sample(location), null);
    }
    throw new SourceException(
        location
            + " has no scheme that is known for "
            + (data ? "data" : "models")
            + "; use file: with an absolute path, hf:, https:"
            + (data ? ", s3: or sample:" : " or s3:"));
  }

  /** Fetches a location once per session; checks the digest that the study gives. */
  private static Path fetched(SourceUri uri, SourceSession session, SourceSession.Make fetch)
      throws SourceException, IOException {
    Path path = session.once(uri.location(), fetch);
    if (uri.sha256() != null) {
      String found = ArtifactStore.sha256(path);
      if (!found.equals(uri.sha256())) {
        throw new SourceException(
            uri.location()
                + " has the sha256 "
                + found
                + ", not the one behind #sha256=; see whether the file has changed, and write what"
                + " you trust");
      }
    }
    return path;
  }

  private void object(String uri, Path to) throws SourceException, IOException {
    S3Uri object = S3Uri.parse(uri).orElseThrow();
    if (buckets.read(object, to).isEmpty()) {
      throw new SourceException(
          uri + " does not exist: bucket " + object.bucket() + " has no object " + object.key());
    }
  }

  private void folder(String uri, Path to) throws SourceException, IOException {
    S3Uri folder = S3Uri.parse(uri).orElseThrow();
    Files.createDirectory(to);
    for (String name : ModelFolder.FILES) {
      S3Uri object = new S3Uri(folder.bucket(), folder.key() + "/" + name);
      if (buckets.read(object, to.resolve(name)).isEmpty() && name.equals(ModelFolder.CONFIG)) {
        throw new SourceException(
            uri + " is no model: bucket " + folder.bucket() + " has no object " + object.key());
      }
    }
  }

  private static Archive archive(Path file, String uri) throws IOException {
    return new Archive(file, uri, Archive.Limits.DEFAULT);
  }

  private static Path member(SourceUri uri, Path archive, SourceSession session)
      throws SourceException, IOException {
    return session.once(
        uri.location() + "!/" + uri.member(),
        to -> {
          Set<String> files = archive(archive, uri.location()).unpack(Map.of(uri.member(), to));
          if (!files.contains(uri.member())) {
            throw new SourceException(
                uri.location()
                    + " has no file "
                    + uri.member()
                    + holding(files, Path.of(uri.member()).getFileName().toString()));
          }
        });
  }

  /** Lists files of the same name, which may have been meant; without any, some of all. */
  private static String holding(Set<String> files, String name) {
    List<String> alike = files.stream().filter(file -> file.endsWith(name)).toList();
    List<String> shown = alike.isEmpty() ? List.copyOf(files) : alike;
    int more = shown.size() - SHOWN;
    return "; it has "
        + String.join(", ", shown.subList(0, Math.min(SHOWN, shown.size())))
        + (more > 0 ? " and " + more + " more" : "");
  }

  /** The Hugging Face folder that a model's URI names. */
  public Located modelFolder(String text, SourceSession session)
      throws SourceException, IOException {
    SourceUri uri = parsed(text, false);
    Located found = located(uri, session, false);
    if (uri.isArchive() && Files.isRegularFile(found.path())) {
      requireReadable(found.path(), uri.location());
      return new Located(model(uri, found.path(), session), found.commit());
    }
    if (!Files.isDirectory(found.path())) {
      throw new SourceException(text + " is not a folder");
    }
    requireReadable(found.path(), text);
    return found;
  }

  private static Path model(SourceUri uri, Path archive, SourceSession session)
      throws SourceException, IOException {
    String prefix = uri.member() == null ? "" : uri.member() + "/";
    return session.once(
        uri.location() + "!/" + prefix,
        to -> {
          Files.createDirectory(to);
          Map<String, Path> wanted = new HashMap<>();
          ModelFolder.FILES.forEach(name -> wanted.put(prefix + name, to.resolve(name)));
          Set<String> files = archive(archive, uri.location()).unpack(wanted);
          if (!files.contains(prefix + ModelFolder.CONFIG)) {
            throw new SourceException(
                uri.location()
                    + " has no "
                    + prefix
                    + ModelFolder.CONFIG
                    + ": name the model's folder, as a.zip!/folder"
                    + holding(files, ModelFolder.CONFIG));
          }
        });
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
  public Path inModelFolder(Path folder, String name, String uri) throws SourceException {
    Path file = FileRoots.followed(folder.resolve(name));
    // The hub's cache links to its own blobs; a folder of the author's may link anywhere.
    if (uri.startsWith("file:") && !file.startsWith(FileRoots.followed(sessions))) {
      fileRoots.requireAllowed(file, uri + "/" + name);
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
    Path path = FileRoots.followed(Path.of(parsed.getPath()));
    fileRoots.requireAllowed(path, uri);
    if (!Files.exists(path)) {
      throw new SourceException(uri + " does not exist");
    }
    return path;
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

  private static void requireReadable(Path path, String uri) throws SourceException {
    if (!Files.isReadable(path)) {
      throw new SourceException(uri + " cannot be read: permission denied");
    }
  }
}
