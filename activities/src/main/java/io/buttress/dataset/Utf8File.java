package io.buttress.dataset;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text that is strictly UTF-8, with or without a byte-order mark. */
final class Utf8File {
  private static final int BYTE_ORDER_MARK = '\uFEFF';

  private Utf8File() {}

  /**
   * Opens a file after its byte-order mark, if it has one.
   *
   * @param uri for messages
   * @throws InvalidDataException naming the first line with malformed bytes, or when there are none
   */
  static BufferedReader open(Path file, String uri) throws IOException {
    if (Files.size(file) == 0) {
      throw new InvalidDataException(uri, 0, "the file is empty");
    }
    // A pass of its own, because a parser's reader decodes ahead: it cannot tell the line.
    requireWellFormed(file, uri);
    BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
    reader.mark(1);
    if (reader.read() != BYTE_ORDER_MARK) {
      reader.reset();
    }
    return reader;
  }

  private static void requireWellFormed(Path file, String uri) throws IOException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer chars = CharBuffer.allocate(1 << 14);
    ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
    int line = 1;
    char last = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      boolean end = false;
      while (!end) {
        int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
        end = count < 0;
        bytes.position(bytes.position() + Math.max(count, 0)).flip();
        CoderResult result = decoder.decode(bytes, chars, end);
        bytes.compact();
        chars.flip();
        while (chars.hasRemaining()) {
          char c = chars.get();
          if (c == '\r' || (c == '\n' && last != '\r')) {
            line++;
          }
          last = c;
        }
        chars.clear();
        if (result.isError()) {
          throw new InvalidDataException(uri, line, "bytes that are not UTF-8");
        }
      }
    }
  }
}
