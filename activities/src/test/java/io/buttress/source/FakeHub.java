package io.buttress.source;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Two local servers that speak the Hugging Face Hub's protocol: the hub, and the CDN on another
 * port to which it redirects for large files.
 */
public final class FakeHub implements AutoCloseable {
  private static final Pattern API =
      Pattern.compile("/api/(models|datasets)/([^/]+/[^/]+)/revision/([^/]+)");
  private static final Pattern RESOLVE =
      Pattern.compile("/(?:(datasets)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
  private static final Pattern SMALL = Pattern.compile("/api/resolve-cache/([0-9a-f]{40})/(.+)");

  private final HttpServer hub;
  private final HttpServer cdn;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
  private final Map<String, byte[]> large = new ConcurrentHashMap<>();
  private final Deque<Fault> hubFaults = new ArrayDeque<>();
  private final Deque<Fault> cdnFaults = new ArrayDeque<>();
  private final CountDownLatch closing = new CountDownLatch(1);

  /** In the order in which they came. */
  final List<Request> requests = new CopyOnWriteArrayList<>();

  public FakeHub() throws IOException {
    hub = server(this::answerHub);
    cdn = server(this::answerCdn);
  }

  record Request(
      boolean toCdn, String method, String path, String range, String authorization, Instant at) {}

  /** Answers in the server's place; what it leaves is up to the server. */
  @FunctionalInterface
  interface Fault {
    void answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  /** A repository at one commit; all of its branches are there. */
  public static final class Repository {
    volatile String commit;
    volatile String gate;
    final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Map<String, byte[]> served = new ConcurrentHashMap<>();

    Repository(String commit) {
      this.commit = commit;
    }

    public Repository with(String name, byte[] content) {
      files.put(name, content);
      return this;
    }

    /** Other bytes than the file's digest is of. */
    Repository serving(String name, String content) {
      served.put(name, content.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    public Repository with(String name, String content) {
      return with(name, content.getBytes(StandardCharsets.UTF_8));
    }
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /**
   * @param path as {@code models/org/name} or {@code datasets/org/name}
   */
  public Repository repository(String path, String commit) {
    Repository repository = new Repository(commit);
    repositories.put(path, repository);
    return repository;
  }

  /** The next requests for bytes at the CDN go wrong. */
  void cdnFails(Fault... faults) {
    synchronized (cdnFaults) {
      cdnFaults.addAll(List.of(faults));
    }
  }

  /** The next requests at the hub go wrong. */
  void hubFails(Fault... faults) {
    synchronized (hubFaults) {
      hubFaults.addAll(List.of(faults));
    }
  }

  static Fault status(int status, String... headers) {
    return (exchange, content) -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  /** The connection breaks off before there is an answer. */
  static Fault dropped() {
    return (exchange, content) -> {};
  }

  /** The connection breaks off after so many bytes of the whole. */
  static Fault cut(int bytes) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, bytes);
      exchange.getResponseBody().flush();
    };
  }

  /** A whole answer of so many bytes, as if that were all. */
  static Fault truncated(int bytes) {
    return (exchange, content) -> send(exchange, 200, Arrays.copyOf(content, bytes));
  }

  static Fault corrupt() {
    return (exchange, content) -> {
      byte[] other = content.clone();
      other[other.length / 2] ^= 1;
      send(exchange, 200, other);
    };
  }

  /** Half of the bytes, then nothing more. */
  Fault stall() {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, content.length / 2);
      exchange.getResponseBody().flush();
      try {
        closing.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  /** A server that knows no ranges. */
  static Fault whole() {
    return (exchange, content) -> send(exchange, 200, content);
  }

  static String sha256(byte[] content) {
    return hex("SHA-256", content);
  }

  /** As {@code git hash-object}. */
  static String gitSha1(byte[] content) {
    byte[] start = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(start, start.length + content.length);
    System.arraycopy(content, 0, all, start.length, content.length);
    return hex("SHA-1", all);
  }

  private static String hex(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private HttpServer server(Handler handler) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          requests.add(
              new Request(
                  server != hub,
                  exchange.getRequestMethod(),
                  exchange.getRequestURI().getRawPath(),
                  exchange.getRequestHeaders().getFirst("Range"),
                  exchange.getRequestHeaders().getFirst("Authorization"),
                  Instant.now()));
          try {
            handler.handle(exchange);
          } finally {
            exchange.close();
          }
        });
    server.setExecutor(threads);
    server.start();
    return server;
  }

  private static Fault next(Deque<Fault> faults) {
    synchronized (faults) {
      return faults.poll();
    }
  }

  private void answerCdn(HttpExchange exchange) throws IOException {
    byte[] content = large.get(exchange.getRequestURI().getPath().substring(1));
    Fault fault = next(cdnFaults);
    if (fault != null) {
      fault.answer(exchange, content);
    } else {
      bytes(exchange, content);
    }
  }

  private void answerHub(HttpExchange exchange) throws IOException {
    Fault fault = next(hubFaults);
    if (fault != null) {
      fault.answer(exchange, new byte[0]);
      return;
    }
    String path = exchange.getRequestURI().getRawPath();
    Matcher api = API.matcher(path);
    Matcher resolve = RESOLVE.matcher(path);
    Matcher small = SMALL.matcher(path);
    if (api.matches()) {
      api(exchange, repositories.get(api.group(1) + "/" + api.group(2)), api.group(3));
    } else if (small.matches()) {
      Headers headers = exchange.getResponseHeaders();
      Repository repository = atCommit(small.group(1), small.group(2));
      byte[] content = repository.files.get(small.group(2));
      headers.set("X-Repo-Commit", small.group(1));
      headers.set("ETag", "\"" + gitSha1(content) + "\"");
      bytes(exchange, repository.served.getOrDefault(small.group(2), content));
    } else if (resolve.matches()) {
      String kind = resolve.group(1) == null ? "models/" : "datasets/";
      resolve(exchange, repositories.get(kind + resolve.group(2)), resolve.group(4));
    } else {
      exchange.sendResponseHeaders(404, -1);
    }
  }

  private Repository atCommit(String commit, String file) {
    return repositories.values().stream()
        .filter(each -> each.commit.equals(commit) && each.files.containsKey(file))
        .findFirst()
        .orElseThrow();
  }

  private static void refuse(HttpExchange exchange, int status, String code) throws IOException {
    exchange.getResponseHeaders().set("X-Error-Code", code);
    exchange.sendResponseHeaders(status, -1);
  }

  private static void api(HttpExchange exchange, Repository repository, String revision)
      throws IOException {
    if (repository == null) {
      // So does the real hub for strangers.
      refuse(exchange, 401, "RepoNotFound");
    } else if (revision.equals("none")) {
      refuse(exchange, 404, "RevisionNotFound");
    } else {
      List<Map<String, String>> files =
          repository.files.keySet().stream().sorted().map(f -> Map.of("rfilename", f)).toList();
      Map<String, Object> info = new TreeMap<>(Map.of("sha", repository.commit, "siblings", files));
      send(exchange, 200, Json.canonical(info).getBytes(StandardCharsets.UTF_8));
    }
  }

  private void resolve(HttpExchange exchange, Repository repository, String file)
      throws IOException {
    byte[] content = repository == null ? null : repository.files.get(file);
    Headers headers = exchange.getResponseHeaders();
    if (repository != null && repository.gate != null) {
      boolean known = exchange.getRequestHeaders().containsKey("Authorization");
      refuse(exchange, known ? 403 : 401, repository.gate);
    } else if (content == null) {
      refuse(exchange, 404, repository == null ? "RepoNotFound" : "EntryNotFound");
    } else if (file.endsWith(".safetensors") || file.endsWith(".tsv")) {
      String sha256 = sha256(content);
      large.put(sha256, content);
      headers.set("X-Repo-Commit", repository.commit);
      headers.set("X-Linked-Etag", "\"" + sha256 + "\"");
      headers.set("X-Linked-Size", Integer.toString(content.length));
      headers.set(
          "Location", "http://127.0.0.1:" + cdn.getAddress().getPort() + "/" + sha256 + "?key=1");
      exchange.sendResponseHeaders(302, -1);
    } else {
      headers.set("X-Repo-Commit", repository.commit);
      headers.set("Location", "/api/resolve-cache/" + repository.commit + "/" + file);
      exchange.sendResponseHeaders(307, -1);
    }
  }

  private static void bytes(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(200, -1);
    } else if (range == null) {
      send(exchange, 200, content);
    } else {
      int from = Integer.parseInt(range.replaceAll("\\D", ""));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
      send(exchange, 206, Arrays.copyOfRange(content, from, content.length));
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] content) throws IOException {
    exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(content);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    hub.stop(0);
    cdn.stop(0);
    threads.shutdownNow();
  }
}
