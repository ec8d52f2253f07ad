package io.buttress.source;

import io.buttress.storage.DiskWriteException;
import io.buttress.study.HubUri;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Says what is wrong with a hub's answer, and what to do. */
final class HubMessages {
  private static final int SHOWN = 10;

  private final HubAccess hub;
  private final HubAccess.Names names;

  HubMessages(HubAccess hub) {
    this.hub = hub;
    this.names = hub.names();
  }

  SourceException notCached(HubUri uri, Path cache) {
    String revision = uri.revision() == null ? "" : " --revision " + uri.revision();
    return new SourceException(
        uri
            + " is not in the local Hugging Face cache ("
            + cache
            + ") and "
            + names.offline()
            + " is set; unset it, run `hf download "
            + uri.repository()
            + (uri.file() == null ? "" : " " + uri.file() + " --repo-type dataset")
            + revision
            + "`, or give a file: "
            + (uri.file() == null ? "folder" : "URI"));
  }

  /** A revision of which the cache holds some files is all that can be had. */
  IOException partlyCached(HubUri uri, String commit) {
    return new IOException(
        uri
            + ": commit "
            + commit
            + " is in the cache without this file, and "
            + hub.endpoint()
            + " does not answer; check "
            + names.endpoint()
            + " and the network");
  }

  /**
   * A refusal that trying again does not change.
   *
   * @param file what was asked for; null: the repository
   * @param files what the repository holds, as far as that is known
   */
  SourceException refused(HubUri uri, String file, Refusal refusal, Set<String> files) {
    String page = hub.endpoint() + (uri.file() == null ? "/" : "/datasets/") + uri.repository();
    String problem =
        switch (refusal.code()) {
          case "GatedRepo" ->
              hub.token().isPresent()
                  ? "is gated, and "
                      + names.token()
                      + "'s account may not read it; accept its licence at "
                      + page
                  : "is gated; accept its licence at "
                      + page
                      + " and set "
                      + names.token()
                      + " to a token of that account";
          case "RevisionNotFound" ->
              "has no revision '"
                  + uri.revisionOrMain()
                  + "'; see the branches and tags at "
                  + page;
          case "EntryNotFound" -> "has no file " + file + holding(files);
          case "RepoNotFound" -> noRepository();
          default -> other(refusal);
        };
    return new SourceException(uri + " " + problem);
  }

  private String noRepository() {
    return "is not at "
        + hub.endpoint()
        + (hub.token().isPresent()
            ? ", or " + names.token() + "'s account may not see it; check owner and name"
            : ", or is private; check owner and name, or set " + names.token());
  }

  private String other(Refusal refusal) {
    String reason = refusal.reason().isEmpty() ? "" : ": " + refusal.reason();
    boolean denied = refusal.status() == 401 || refusal.status() == 403;
    if (denied && hub.token().isPresent()) {
      return "cannot be read with this " + names.token() + reason + "; check it, or unset it";
    }
    // Without a token a hub answers 401 for private and for missing repositories alike.
    if (refusal.status() == 401) {
      return noRepository();
    }
    return "is refused by "
        + hub.endpoint()
        + " with status "
        + refusal.status()
        + reason
        + (denied ? "; set " + names.token() : "; check " + names.endpoint());
  }

  private static String holding(Set<String> files) {
    List<String> shown = files.stream().filter(file -> !file.startsWith(".")).toList();
    if (shown.isEmpty()) {
      return "";
    }
    int more = shown.size() - SHOWN;
    return "; it has "
        + String.join(", ", shown.subList(0, Math.min(SHOWN, shown.size())))
        + (more > 0 ? " and " + more + " more" : "");
  }

  /** What may pass: the hub does not answer, or the disk takes nothing. */
  IOException failed(HubUri uri, IOException problem) {
    if (problem instanceof DiskWriteException) {
      return new IOException(
          uri
              + ": "
              + problem.getMessage()
              + "; free some space, or set "
              + names.home()
              + " to another disk",
          problem);
    }
    if (problem instanceof FileSystemException) {
      return new IOException(
          uri
              + ": the local Hugging Face cache cannot be written; set "
              + names.home()
              + " elsewhere: "
              + problem,
          problem);
    }
    Throwable cause = problem.getCause() == null ? problem : problem.getCause();
    return new IOException(
        uri
            + " cannot be fetched from "
            + hub.endpoint()
            + ": "
            + problem.getMessage()
            + (cause == problem ? "" : " (" + cause.getClass().getSimpleName() + ")")
            + "; check "
            + names.endpoint()
            + " and the network",
        problem);
  }
}
