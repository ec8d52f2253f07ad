package io.buttress.activity;

import com.fasterxml.jackson.databind.DeserializationFeature;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.JacksonJsonPayloadConverter;

/** What workflows and activities tell each other. */
public final class Messages {
  /**
   * Writes what Temporal's usual converter writes, and ignores unknown fields where that one fails:
   * workers of two versions can talk, and histories that hold what is gone since can be replayed.
   */
  public static final DataConverter CONVERTER =
      DefaultDataConverter.newDefaultInstance()
          .withPayloadConverterOverrides(
              new JacksonJsonPayloadConverter(
                  JacksonJsonPayloadConverter.newDefaultObjectMapper()
                      .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)));

  private Messages() {}
}
