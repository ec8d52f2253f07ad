package io.buttress.study;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a study names of a Hugging Face hub: a model, {@code hf:OWNER/NAME[@REVISION]}, or a file of
 * a dataset repository, {@code hf:datasets/OWNER/NAME[@REVISION]/PATH}.
 *
 * @param repository {@code OWNER/NAME}
 * @param revision branch, tag or commit; null: {@code main}
 * @param file path in a dataset repository; null: a model
 */
public record HubUri(String repository, String revision, String file) {
  private static final String REPOSITORY = "([\\w-][\\w.-]*/[\\w-][\\w.-]*)";
  private static final Pattern MODEL =
      Pattern.compile("hf:(?!datasets/)" + REPOSITORY + "(?:@([\\w-][\\w./-]*))?");

  /**
   * As Python's HfFileSystem reads it: a slash in a revision is written {@code %2F}, but for the
   * hub's own {@code refs/convert/...} and {@code refs/pr/...}.
   */
  private static final Pattern DATA =
      Pattern.compile(
          "hf:datasets/"
              + REPOSITORY
              + "(?:@(refs/(?:convert|pr)/[\\w-]+|[\\w-](?:[\\w.-]|%2[Ff])*))?"
              + "/([\\w=+,()-][\\w.=+,()-]*(?:/[\\w=+,()-][\\w.=+,()-]*)*)");

  private static final String SLASH = "%2F";

  /** Empty when the text is of neither form. */
  public static Optional<HubUri> parse(String uri) {
    Matcher model = MODEL.matcher(uri);
    Matcher data = DATA.matcher(uri);
    if (uri.contains("..")) {
      return Optional.empty();
    }
    if (model.matches()) {
      return Optional.of(new HubUri(model.group(1), model.group(2), null));
    }
    if (data.matches()) {
      String revision = data.group(2) == null ? null : data.group(2).replaceAll("(?i)%2F", "/");
      return Optional.of(new HubUri(data.group(1), revision, data.group(3)));
    }
    return Optional.empty();
  }

  /** The same at another revision. */
  public HubUri at(String other) {
    return new HubUri(repository, other, file);
  }

  public String revisionOrMain() {
    return revision == null ? "main" : revision;
  }

  /** As a study writes it. */
  @Override
  public String toString() {
    String at = revision == null ? "" : "@" + (file == null ? revision : escaped(revision));
    return file == null ? "hf:" + repository + at : "hf:datasets/" + repository + at + "/" + file;
  }

  private static String escaped(String revision) {
    return revision.matches("refs/(convert|pr)/.*") ? revision : revision.replace("/", SLASH);
  }
}
