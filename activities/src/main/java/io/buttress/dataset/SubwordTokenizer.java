package io.buttress.dataset;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.buttress.source.SourceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model's own tokenizer, as Python's {@code tokenizer(a, b, truncation=True, max_length=n)}:
 * special tokens, longest text cut first, no padding. Safe for many threads.
 */
public final class SubwordTokenizer implements AutoCloseable {
  static {
    // The library for CPUs is in the jar. Left to itself, DJL fetches another where it sees a GPU.
    defaultProperty("RUST_FLAVOR", "cpu");
    defaultProperty("OPT_OUT_TRACKING", "true");
  }

  // Called directly: HuggingFaceTokenizer's methods also build every token's text and offsets.
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;

  private final HuggingFaceTokenizer tokenizer;
  private final int maxLength;

  /**
   * @param json {@code tokenizer.json}; the truncation and padding it asks for are overruled
   * @param maxLength longest input in tokens, special tokens included
   * @throws SourceException when it is not a tokenizer
   */
  public SubwordTokenizer(Path json, int maxLength) throws SourceException, IOException {
    this.maxLength = maxLength;
    Map<String, String> options =
        Map.of(
            "addSpecialTokens", "true",
            "truncation", "LONGEST_FIRST",
            "padding", "DO_NOT_PAD",
            "stride", "0",
            "maxLength", Integer.toString(maxLength),
            // By default DJL truncates at 512 tokens, even for models that take more.
            "modelMaxLength", Integer.toString(maxLength));
    try {
      tokenizer = HuggingFaceTokenizer.newInstance(json, options);
    } catch (RuntimeException e) {
      throw new SourceException("tokenizer.json cannot be used: " + e.getMessage());
    }
  }

  /**
   * Token ids and segment ids.
   *
   * @param texts examples of one text each, or of two each
   * @throws SourceException when an input's special tokens alone are too long
   */
  public Tokens encode(List<List<String>> texts) throws SourceException {
    boolean pairs = texts.get(0).size() == 2;
    String[] first = texts.stream().map(text -> text.get(0)).toArray(String[]::new);
    long[] encodings =
        pairs
            ? LIBRARY.batchEncodePair(
                tokenizer.getHandle(),
                first,
                texts.stream().map(text -> text.get(1)).toArray(String[]::new),
                true)
            : LIBRARY.batchEncode(tokenizer.getHandle(), first, true);
    int[][] ids = new int[encodings.length][];
    int[][] segments = new int[encodings.length][];
    for (int i = 0; i < encodings.length; i++) {
      ids[i] = ints(LIBRARY.getTokenIds(encodings[i]));
      segments[i] = ints(LIBRARY.getTypeIds(encodings[i]));
      LIBRARY.deleteEncoding(encodings[i]);
    }
    for (int[] row : ids) {
      // The library does not truncate when the special tokens alone are too long.
      if (row.length > maxLength) {
        throw new SourceException(
            "training.maxLength: %d has no room for the special tokens of %s"
                .formatted(maxLength, pairs ? "two texts" : "a text"));
      }
    }
    return new Tokens(ids, segments);
  }

  /**
   * Encoded examples, in order.
   *
   * @param ids one row of token ids an example
   * @param segments token type ids, same shape
   */
  public record Tokens(int[][] ids, int[][] segments) {}

  @Override
  public void close() {
    tokenizer.close();
  }

  private static int[] ints(long[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(values[i]);
    }
    return ints;
  }

  private static void defaultProperty(String name, String value) {
    if (System.getenv(name) == null && System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
