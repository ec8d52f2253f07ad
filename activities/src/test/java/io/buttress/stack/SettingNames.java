package io.buttress.stack;

import io.buttress.source.HubAccess;
import io.buttress.storage.S3Access;
import io.buttress.tracking.MlflowAccess;

/** What settings are called in tests of the messages that name them. */
public final class SettingNames {
  public static final HubAccess.Names HUB =
      new HubAccess.Names("HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "HF_HUB_OFFLINE");

  public static final S3Access.Names S3 =
      new S3Access.Names(
          "AWS_ENDPOINT_URL_S3",
          "AWS_REGION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_CA_BUNDLE",
          "BUTTRESS_BUCKET");

  public static final MlflowAccess.Names MLFLOW =
      new MlflowAccess.Names(
          "MLFLOW_TRACKING_URI",
          "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
          "MLFLOW_TRACKING_SERVER_CERT_PATH");

  private SettingNames() {}
}
