package io.buttress.source;

import java.io.IOException;
import java.util.Map;
import okhttp3.Response;

/** How a download goes on where it was cut. */
interface Resumption {
  /** Bytes of the whole file; -1: not known yet. */
  long size();

  /** The most bytes that are taken. */
  long most();

  /** Headers with which to ask for the rest; null: it must be asked for from the start. */
  Map<String, String> conditions() throws IOException;

  /** Notes what the server says of the file before its bytes come; throws to refuse them. */
  void begin(PartialFile part, Response answer) throws IOException;
}
