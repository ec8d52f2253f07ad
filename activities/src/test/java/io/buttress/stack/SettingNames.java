package io.buttress.stack;

import io.buttress.storage.S3Access;

/** What settings are called in tests of the messages that name them. */
public final class SettingNames {
  public static final S3Access.Names S3 =
      new S3Access.Names(
          "AWS_ENDPOINT_URL_S3",
          "AWS_REGION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_CA_BUNDLE",
          "BUTTRESS_BUCKET");

  private SettingNames() {}
}
