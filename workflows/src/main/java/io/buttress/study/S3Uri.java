package io.buttress.study;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a study names in a bucket: {@code s3:BUCKET/KEY} or {@code s3://BUCKET/KEY}.
 *
 * @param key of a data file, or what the keys of a model's files begin with, without a slash at its
 *     end
 */
public record S3Uri(String bucket, String key) {
  private static final Pattern FORM =
      Pattern.compile("s3:(?://)?([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^/?#\\s][^?#\\s]*?)/?");

  /** Empty when the text is of neither form. */
  public static Optional<S3Uri> parse(String uri) {
    Matcher matcher = FORM.matcher(uri);
    try {
      return matcher.matches()
          ? Optional.of(new S3Uri(matcher.group(1), SourceUri.decoded(matcher.group(2))))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
