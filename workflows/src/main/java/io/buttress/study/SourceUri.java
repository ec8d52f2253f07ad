package io.buttress.study;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A model or data file as a study names it: {@code LOCATION[!/MEMBER][#sha256=DIGEST]}.
 *
 * @param location where the file or archive is
 * @param member path of a file or folder in an archive; null: all of it
 * @param sha256 of what is at the location; null: anything
 */
public record SourceUri(String location, String member, String sha256) {
  private static final String ARCHIVE = "\\.(?:zip|tar\\.gz|tgz)";
  private static final Pattern MEMBER =
      Pattern.compile("(?i)([^#]*?" + ARCHIVE + "(?:\\?[^#]*?)?)!/([^#]*)(#.*)?");
  private static final Pattern PIN = Pattern.compile("([^#]*)#sha256=([0-9a-fA-F]{64})");

  /** Names of query parameters whose value is a credential, as in a presigned URL. */
  private static final Pattern SECRET =
      Pattern.compile("(?i).*(signature|token|secret|password|credential|api[_-]?key|accesskey).*");

  private static final Set<String> SECRETS = Set.of("sig", "auth", "authorization", "key");

  /** Splits any text into its parts; {@link #problem} says what is wrong with them. */
  public static SourceUri parse(String text) {
    String rest = text;
    String member = null;
    Matcher inside = MEMBER.matcher(text);
    if (inside.matches()) {
      rest = inside.group(1) + (inside.group(3) == null ? "" : inside.group(3));
      member = decodedIfEncoded(inside.group(2)).replaceFirst("/+$", "");
    }
    Matcher pinned = PIN.matcher(rest);
    return pinned.matches()
        ? new SourceUri(pinned.group(1), member, pinned.group(2).toLowerCase(Locale.ROOT))
        : new SourceUri(rest, member, null);
  }

  /** The name of the file that is meant, without folders and without {@code .gz}. */
  public String name() {
    return isCompressed() ? lastName().substring(0, lastName().length() - 3) : lastName();
  }

  public boolean isArchive() {
    return lastName(location).matches("(?i).*" + ARCHIVE);
  }

  /** Whether the file that is meant is one that gzip made. */
  public boolean isCompressed() {
    return lastName().matches("(?i).*(?<!\\.tar)\\.gz");
  }

  private String lastName() {
    return lastName(member == null ? location : member);
  }

  private static String lastName(String uri) {
    String path = uri.matches("https?:.*") ? uri.replaceFirst("[?#].*$", "") : uri;
    path = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /**
   * Why this cannot be read, whatever is there. It does not repeat addresses, which may hold
   * passwords.
   *
   * @param data whether it must be one file
   */
  public Optional<String> problem(boolean data) {
    if (member != null && !isRelativePath(member)) {
      return Optional.of("must name what is in the archive by its path, as a.zip!/data/train.tsv");
    }
    if (data && member == null && isArchive()) {
      return Optional.of("is an archive: name the file in it, as a.zip!/data/train.tsv");
    }
    if (sha256 != null && !location.matches("(?:https|s3):.*")) {
      return Optional.of("may have a #sha256= only with https: or s3:");
    }
    if (sha256 != null && !data && !isArchive()) {
      return Optional.of("is a folder, of which there is no sha256");
    }
    if (location.startsWith("https:") && !data && !isArchive()) {
      return Optional.of("must be an archive that holds the model: .zip, .tar.gz or .tgz");
    }
    if (location.startsWith("http:")) {
      return Optional.of("must be https: what comes over http can be read and changed on its way");
    }
    if (location.startsWith("s3:") && S3Uri.parse(location).isEmpty()) {
      return Optional.of(
          "must be like s3:bucket/folder/name, with nothing behind it but #sha256= and 64 hex"
              + " digits (write a space as %20, ? as %3F and # as %23)");
    }
    return location.startsWith("https:") ? webProblem() : Optional.empty();
  }

  private static boolean isRelativePath(String path) {
    return Stream.of(path.split("/", -1))
        .noneMatch(part -> part.isEmpty() || part.equals("..") || part.equals("."));
  }

  private Optional<String> webProblem() {
    URI uri;
    try {
      uri = new URI(location);
    } catch (URISyntaxException e) {
      return Optional.of("is no URI: " + e.getReason() + " (write a space as %20)");
    }
    if (uri.getRawUserInfo() != null) {
      return Optional.of(
          "must not hold a user or password, because studies are kept and shown; use a public"
              + " address, or s3: with the worker's credentials");
    }
    if (uri.getHost() == null || uri.getPath().length() < 2) {
      return Optional.of("must be like https://host/folder/name");
    }
    if (uri.getRawFragment() != null) {
      return Optional.of("may have nothing behind # but sha256= and 64 hex digits");
    }
    return Stream.of(uri.getRawQuery() == null ? "" : uri.getRawQuery())
        .flatMap(query -> Stream.of(query.split("[&;]")))
        .map(parameter -> decodedIfEncoded(parameter.replaceFirst("=.*", "")))
        .filter(SourceUri::isSecret)
        .findFirst()
        .map(
            name ->
                "must not hold the query parameter "
                    + Quote.bare(name)
                    + ", because studies are kept and shown, and such a link opens the file to"
                    + " whoever reads it; use a public address, or s3: with the worker's"
                    + " credentials");
  }

  private static boolean isSecret(String parameter) {
    return SECRETS.contains(parameter.toLowerCase(Locale.ROOT))
        || SECRET.matcher(parameter).matches();
  }

  /** What is no percent-encoding stays as it is. */
  private static String decodedIfEncoded(String path) {
    try {
      return decoded(path);
    } catch (IllegalArgumentException e) {
      return path;
    }
  }

  /**
   * Without percent-encoding. A plus sign is one: these are paths, not forms.
   *
   * @throws IllegalArgumentException when it is none
   */
  static String decoded(String path) {
    return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
