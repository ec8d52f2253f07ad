package io.buttress.source;

import io.buttress.storage.Download;
import io.buttress.storage.ObjectStore;
import io.buttress.study.S3Uri;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The buckets that {@code s3:} may read. Safe for many threads. */
public final class Buckets {
  private final Map<String, ObjectStore> buckets;
  private final String name;

  /**
   * @param name of the setting that lists them, for messages
   */
  public Buckets(Map<String, ObjectStore> buckets, String name) {
    this.buckets = Map.copyOf(buckets);
    this.name = name;
  }

  /**
   * Reads one object.
   *
   * @return its sha256, or empty when there is none
   */
  Optional<String> read(S3Uri uri, Path into) throws SourceException, IOException {
    ObjectStore bucket = buckets.get(uri.bucket());
    if (bucket == null) {
      throw new SourceException(
          "bucket "
              + uri.bucket()
              + " is not among those that this worker may read ("
              + name
              + ": "
              + (buckets.isEmpty() ? "none" : String.join(", ", new TreeSet<>(buckets.keySet())))
              + ")");
    }
    return Download.file(bucket, uri.key(), into);
  }
}
