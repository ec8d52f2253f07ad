package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.access.Authorities;
import io.buttress.source.FileRoots;
import io.buttress.source.Hub;
import io.buttress.source.HubAccess;
import io.buttress.storage.CacheSpace;
import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.tls.HandshakeCertificates;

/**
 * Settings from environment variables. Every variable {@code NAME} can also be given as {@code
 * NAME_FILE}, the path of a file that holds the value, as Kubernetes mounts secrets.
 */
public final class Environment {
  private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*(|B|KB|MB|GB|TB)");
  private static final Map<String, BigInteger> UNITS =
      Map.of(
          "", BigInteger.ONE,
          "B", BigInteger.ONE,
          "KB", BigInteger.TEN.pow(3),
          "MB", BigInteger.TEN.pow(6),
          "GB", BigInteger.TEN.pow(9),
          "TB", BigInteger.TEN.pow(12));

  private static final Pattern LISTEN =
      Pattern.compile("(|[^:/\\s]+|\\[[0-9a-fA-F:.]+]):(\\d{1,5})");

  private static final Pattern POD = Pattern.compile("([a-z0-9-]+)/([a-z0-9.-]+)");

  static final String S3_BUCKETS = "BUTTRESS_S3_BUCKETS";

  private static final String HOME = "BUTTRESS_HOME";
  private static final String CACHE_BYTES = "BUTTRESS_CACHE_BYTES";
  private static final String FILE_ROOTS = "BUTTRESS_FILE_ROOTS";

  private static final HubAccess.Names HUB =
      new HubAccess.Names("HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "HF_HUB_OFFLINE");

  /** As Python's {@code huggingface_hub} reads them. */
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  private final Map<String, String> variables;

  public Environment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  /**
   * @throws ServiceException when {@code NAME_FILE} names a file that cannot be read or is empty,
   *     or when both are set
   */
  public Optional<String> get(String name) throws ServiceException {
    Optional<String> value = Optional.ofNullable(variables.get(name)).filter(v -> !v.isBlank());
    String file = variables.get(name + "_FILE");
    if (file == null || file.isBlank()) {
      return value;
    }
    if (value.isPresent()) {
      throw new ServiceException(name + " and " + name + "_FILE are both set: unset one of them");
    }
    String text;
    try {
      text = Files.readString(Path.of(file)).strip();
    } catch (IOException | InvalidPathException e) {
      throw new ServiceException(name + "_FILE: cannot read " + file);
    }
    if (text.isEmpty()) {
      throw new ServiceException(name + "_FILE: " + file + " is empty");
    }
    return Optional.of(text);
  }

  /** A key, a token or the like: what does not fit on a line of visible ASCII is none. */
  public Optional<String> token(String name) throws ServiceException {
    Optional<String> token = get(name).map(String::strip);
    // The complaint of a library that puts it into a header would show it.
    if (token.isPresent() && !token.get().matches("[!-~]+")) {
      throw new ServiceException(name + ": has blanks or other characters that cannot be in it");
    }
    return token;
  }

  /**
   * @param purpose completes "set it to ..."
   */
  public String requireToken(String name, String purpose) throws ServiceException {
    require(name, purpose);
    return token(name).orElseThrow();
  }

  /**
   * @param purpose completes "set it to ..."
   */
  public String require(String name, String purpose) throws ServiceException {
    return get(name)
        .orElseThrow(() -> new ServiceException(name + " is not set: set it to " + purpose));
  }

  /**
   * The address of a server, without a slash at the end. Refused without being shown, because it
   * may hold a password, is what has a user, a query or a fragment.
   *
   * @param purpose completes "set it to ..."
   */
  public URI uri(String name, String purpose) throws ServiceException {
    URI uri;
    try {
      uri = new URI(require(name, purpose).strip().replaceAll("/+$", ""));
    } catch (URISyntaxException e) {
      throw new ServiceException(name + " is no address: " + e.getReason());
    }
    if (uri.getRawAuthority() != null && uri.getRawAuthority().contains("@")) {
      throw new ServiceException(
          name + ": must not have a user or password; they have settings of their own");
    }
    if (uri.getHost() == null
        || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
        || uri.getQuery() != null
        || uri.getFragment() != null) {
      throw new ServiceException(
          name + ": must be like https://HOST:PORT, without a query or fragment");
    }
    return uri;
  }

  /**
   * A file of the authorities to trust in place of this machine's.
   *
   * @return empty when the variable is not set
   */
  public Optional<HandshakeCertificates> authorities(String name) throws ServiceException {
    Optional<String> file = get(name);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Authorities.read(Path.of(file.get())));
    } catch (IOException | InvalidPathException e) {
      throw new ServiceException(name + ": " + e.getMessage(), e);
    }
  }

  /**
   * The Hugging Face hub, by the variables that Python's {@code huggingface_hub} reads.
   *
   * @param metrics where bytes and retries are counted
   */
  public Hub hub(MetricRegistry metrics) throws ServiceException {
    Path home =
        get(HUB.home())
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".cache", "huggingface"));
    URI endpoint =
        get(HUB.endpoint()).isEmpty()
            ? Hub.DEFAULT_ENDPOINT
            : uri(HUB.endpoint(), "a hub's address");
    return new Hub(new HubAccess(endpoint, token(HUB.token()), home, hubOffline(), HUB), metrics);
  }

  private boolean hubOffline() throws ServiceException {
    String offline = get(HUB.offline()).orElse("0").toUpperCase(Locale.ROOT);
    return TRUE.contains(offline);
  }

  /** State of embedded runs and local caches. */
  public Path home() throws ServiceException {
    return get(HOME)
        .map(Path::of)
        .orElse(Path.of(System.getProperty("user.home"), ".buttress"))
        .toAbsolutePath();
  }

  /** What the local cache of the object store may take of the disk. */
  public CacheSpace cache() throws ServiceException {
    return new CacheSpace(
        home().resolve("cache"), cacheBytes(), new CacheSpace.Names(HOME, CACHE_BYTES));
  }

  private long cacheBytes() throws ServiceException {
    Optional<String> text = get(CACHE_BYTES);
    if (text.isEmpty()) {
      return CacheSpace.DEFAULT_BYTES;
    }
    Matcher size = SIZE.matcher(text.get().strip().toUpperCase(Locale.ROOT));
    BigInteger bytes = BigInteger.ZERO;
    if (size.matches()) {
      bytes = new BigInteger(size.group(1)).multiply(UNITS.get(size.group(2)));
    }
    if (bytes.signum() <= 0 || bytes.bitLength() > 63) {
      throw new ServiceException(
          CACHE_BYTES
              + ": must be a positive number of bytes, as 20000000000 or 20GB, not "
              + text.get());
    }
    return bytes.longValueExact();
  }

  /**
   * Folders below which {@code file:} sources may be read.
   *
   * @param otherwise when the variable is not set
   */
  public FileRoots fileRoots(List<Path> otherwise) throws ServiceException {
    List<Path> folders =
        get(FILE_ROOTS)
            .map(roots -> Stream.of(roots.split(File.pathSeparator)).map(Path::of).toList())
            .orElse(otherwise);
    return new FileRoots(folders, FILE_ROOTS);
  }

  /** Buckets that {@code s3:} sources may be read from. */
  public List<String> s3Buckets() throws ServiceException {
    return get(S3_BUCKETS).stream()
        .flatMap(names -> Stream.of(names.split("[:,\\s]+")))
        .filter(name -> !name.isEmpty())
        .distinct()
        .toList();
  }

  /**
   * Where probes and metrics are answered: {@code HOST:PORT}, or {@code :PORT} on every address.
   */
  public Optional<InetSocketAddress> http() throws ServiceException {
    Optional<String> text = get("BUTTRESS_HTTP");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Matcher address = LISTEN.matcher(text.get().strip());
    if (!address.matches() || Integer.parseInt(address.group(2)) > 0xFFFF) {
      throw new ServiceException(
          "BUTTRESS_HTTP: must be HOST:PORT or :PORT, as 127.0.0.1:9090, not " + text.get());
    }
    int port = Integer.parseInt(address.group(2));
    return Optional.of(
        address.group(1).isEmpty()
            ? new InetSocketAddress(port)
            : new InetSocketAddress(address.group(1), port));
  }

  /** The form of a worker's log: {@code text} or {@code json}. */
  public String logFormat() throws ServiceException {
    String format = get("BUTTRESS_LOG").map(String::strip).orElse("text");
    if (!format.equals("text") && !format.equals("json")) {
      throw new ServiceException("BUTTRESS_LOG: must be text or json, not " + format);
    }
    return format;
  }

  /** The pod of this worker at the Kubernetes API, by {@code BUTTRESS_POD}, NAMESPACE/NAME. */
  public Optional<URI> pod() throws ServiceException {
    Optional<String> text = get("BUTTRESS_POD");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Matcher pod = POD.matcher(text.get().strip());
    if (!pod.matches()) {
      throw new ServiceException("BUTTRESS_POD: must be NAMESPACE/NAME, not " + text.get());
    }
    String host = require("KUBERNETES_SERVICE_HOST", "the Kubernetes API's, as in every pod");
    String port = require("KUBERNETES_SERVICE_PORT", "the Kubernetes API's, as in every pod");
    try {
      return Optional.of(
          new URI(
              "https",
              null,
              host,
              Integer.parseInt(port),
              "/api/v1/namespaces/" + pod.group(1) + "/pods/" + pod.group(2),
              null,
              null));
    } catch (URISyntaxException | NumberFormatException e) {
      throw new ServiceException(
          "KUBERNETES_SERVICE_HOST and _PORT are no address: " + e.getMessage(), e);
    }
  }

  /** The variables with secrets read from their files, for libraries that take a map. */
  public Map<String, String> withSecrets(String... names) throws ServiceException {
    Map<String, String> all = new HashMap<>(variables);
    for (String name : names) {
      token(name).ifPresent(value -> all.put(name, value));
    }
    return all;
  }
}
