package io.buttress.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The URIs by which studies name models and data files. */
public final class DataUris {
  private DataUris() {}

  /** The file's name without directory and extension, as out-of-distribution sets are called. */
  public static String baseName(String uri) {
    String name = SourceUri.parse(uri).name();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /** {@code tsv}, {@code csv}, {@code jsonl} or {@code parquet} by the file's extension. */
  public static Optional<String> format(String uri) {
    String name = SourceUri.parse(uri).name();
    String extension = name.substring(name.lastIndexOf('.') + 1);
    return TaskParser.FORMATS.stream().filter(extension::equalsIgnoreCase).findFirst();
  }

  /**
   * A study with the relative {@code file:} URIs of its models, tasks and probes made absolute.
   *
   * @param study as read; not changed, and of any shape
   * @param base absolute URI of the directory that holds the study's file, ending in {@code /}
   */
  public static JsonNode resolve(JsonNode study, URI base) {
    if (!study.isObject()) {
      return study;
    }
    UnaryOperator<JsonNode> absolute = uri -> absolute(uri, base);
    ObjectNode resolved = ((ObjectNode) study).deepCopy();
    each(resolved, "models", absolute);
    UnaryOperator<JsonNode> task = fields -> inTask(fields, absolute);
    each(resolved, "tasks", task);
    if (resolved.get("collapse") instanceof ObjectNode collapse) {
      each(collapse, "probes", task);
    }
    return resolved;
  }

  private static JsonNode inTask(JsonNode task, UnaryOperator<JsonNode> change) {
    if (task instanceof ObjectNode fields) {
      for (String field : TaskParser.FILES) {
        each(fields, field, uri -> inObject(uri, change));
      }
    }
    return task;
  }

  /** An out-of-distribution set may be an object with a file. */
  private static JsonNode inObject(JsonNode uri, UnaryOperator<JsonNode> change) {
    if (uri instanceof ObjectNode set) {
      each(set, "file", change);
    }
    return change.apply(uri);
  }

  private static void each(ObjectNode object, String field, UnaryOperator<JsonNode> change) {
    JsonNode value = object.get(field);
    if (value instanceof ArrayNode list) {
      for (int i = 0; i < list.size(); i++) {
        list.set(i, change.apply(list.get(i)));
      }
    } else if (value != null) {
      object.set(field, change.apply(value));
    }
  }

  private static JsonNode absolute(JsonNode value, URI base) {
    if (!value.isTextual() || !value.textValue().startsWith("file:")) {
      return value;
    }
    String path = value.textValue().substring("file:".length());
    if (path.isEmpty() || path.startsWith("//")) {
      return value;
    }
    URI relative;
    try {
      // "./" keeps a colon in the first name from reading as a scheme.
      relative = new URI(path.startsWith("/") ? path : "./" + path);
    } catch (URISyntaxException e) {
      try {
        // A plain path with characters, such as spaces, that a URI must escape.
        relative = new URI(null, null, path.startsWith("/") ? path : "./" + path, null);
      } catch (URISyntaxException hopeless) {
        return value;
      }
    }
    return TextNode.valueOf(base.resolve(relative).normalize().toString());
  }

  /** Notes a URI that cannot name a model folder. */
  static String model(SpecNode node) {
    String uri = node.text();
    if (uri == null) {
      return null;
    }
    return source(node, uri, false, "file:, hf:, https: or s3:");
  }

  /** Notes a URI that cannot name a data file. */
  static String data(SpecNode node, TaskCatalog catalog) {
    String uri = node.text();
    if (uri == null) {
      return null;
    }
    if (uri.startsWith("sample:")) {
      if (catalog.samples().contains(uri)) {
        return uri;
      }
      node.problem("no such sample" + Nearest.hint(uri, catalog.samples()));
      return null;
    }
    return source(node, uri, true, "file:, hf:, https:, s3: or sample:");
  }

  private static String source(SpecNode node, String uri, boolean data, String known) {
    SourceUri source = SourceUri.parse(uri);
    String location = source.location();
    Optional<String> problem = source.problem(data);
    if (problem.isPresent()) {
      node.problem(problem.get());
      return null;
    }
    boolean usable =
        location.startsWith("https:")
            || location.startsWith("s3:")
            || location.startsWith("hf:") && hub(node, source, uri, data)
            || location.startsWith("file:") && file(node, location);
    if (!usable && !location.matches("(?:hf|file):.*")) {
      // An address may hold a password.
      String shown = uri.replaceFirst("//[^/@]*@", "//...@");
      node.problem("must be a URI with " + known + ", not " + Quote.of(shown));
    }
    return usable ? uri : null;
  }

  private static boolean hub(SpecNode node, SourceUri source, String text, boolean data) {
    // A model is a repository, or a folder in an archive of a dataset's.
    boolean file = data || source.isArchive();
    if (HubUri.parse(source.location()).filter(uri -> (uri.file() != null) == file).isPresent()) {
      return true;
    }
    String form = data ? "hf:datasets/owner/name/file.tsv" : "hf:owner/name";
    node.problem("must be like " + form + ", not " + Quote.of(text));
    return false;
  }

  private static boolean file(SpecNode node, String text) {
    try {
      URI uri = new URI(text);
      String host = uri.getAuthority();
      if (!uri.isOpaque() && host == null && uri.getPath().length() > 1) {
        if (uri.getQuery() == null && uri.getFragment() == null) {
          return true;
        }
        node.problem("must not hold a bare ? or #: write %3F or %23 in " + Quote.of(text));
        return false;
      }
      node.problem("must be an absolute file URI such as file:/data/x, not " + Quote.of(text));
    } catch (URISyntaxException e) {
      node.problem("is no URI: " + e.getReason() + " (write a space as %20) in " + Quote.of(text));
    }
    return false;
  }
}
