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
    String name = fileName(uri);
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /** {@code tsv}, {@code csv}, {@code jsonl} or {@code parquet} by the file's extension. */
  public static Optional<String> format(String uri) {
    String name = fileName(uri);
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
    if (uri.startsWith("hf:")) {
      return hub(node, uri, false, "hf:owner/name");
    }
    return uri.startsWith("file:")
        ? file(node, uri)
        : unknownScheme(node, uri, "file: (a folder) or hf: (a hub's model)");
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
    if (uri.startsWith("hf:")) {
      return hub(node, uri, true, "hf:datasets/owner/name/file.tsv");
    }
    return uri.startsWith("file:")
        ? file(node, uri)
        : unknownScheme(node, uri, "file:, hf: or sample:");
  }

  private static String hub(SpecNode node, String text, boolean data, String form) {
    if (HubUri.parse(text).filter(uri -> (uri.file() != null) == data).isPresent()) {
      return text;
    }
    node.problem("must be like " + form + ", not " + Quote.of(text));
    return null;
  }

  private static String file(SpecNode node, String text) {
    try {
      URI uri = new URI(text);
      String host = uri.getAuthority();
      if (!uri.isOpaque() && host == null && uri.getPath().length() > 1) {
        if (uri.getQuery() == null && uri.getFragment() == null) {
          return text;
        }
        node.problem("must not hold a bare ? or #: write %3F or %23 in " + Quote.of(text));
        return null;
      }
      node.problem("must be an absolute file URI such as file:/data/x, not " + Quote.of(text));
    } catch (URISyntaxException e) {
      node.problem("is no URI: " + e.getReason() + " (write a space as %20) in " + Quote.of(text));
    }
    return null;
  }

  private static String unknownScheme(SpecNode node, String uri, String known) {
    node.problem("must be a URI with " + known + " in this version, not " + Quote.of(uri));
    return null;
  }

  private static String fileName(String uri) {
    String path = uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
