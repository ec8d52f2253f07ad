package io.buttress.report;

import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Where people look at a study's trials.
 *
 * @param mlflow the tracking server; null: none
 * @param workflows of a namespace in Temporal's web UI; null: none
 */
public record Links(URI mlflow, URI workflows) {
  public static final Links NONE = new Links(null, null);

  /** Drops user names, passwords and queries from the addresses. */
  public Links {
    mlflow = plain(mlflow);
    workflows = plain(workflows);
  }

  /**
   * @param ui the address of Temporal's web UI; null: none
   */
  public static Links of(URI mlflow, URI ui, String namespace) {
    return new Links(
        mlflow,
        ui == null
            ? null
            : URI.create(plain(ui) + "/namespaces/" + encoded(namespace) + "/workflows"));
  }

  /** Of a study's trials. */
  record OfStudy(Links links, String workflowId) {
    static final OfStudy NONE = new OfStudy(Links.NONE, null);

    /** A trial's run on the tracking server; null without. */
    String run(TrialResult trial) {
      return links.mlflow() == null || trial.mlflowRunId() == null
          ? null
          : links.mlflow() + "/#/runs/" + encoded(trial.mlflowRunId());
    }

    /** A trial's workflow; null without. */
    String workflow(TrialResult trial) {
      return links.workflows() == null
          ? null
          : links.workflows() + "/" + encoded(Trial.workflowId(workflowId, trial.fingerprint()));
    }
  }

  private static URI plain(URI uri) {
    if (uri == null) {
      return null;
    }
    try {
      String path = uri.getPath() == null ? "" : uri.getPath().replaceAll("/+$", "");
      return new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), path, null, null);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getReason(), e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
