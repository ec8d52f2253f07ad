package io.buttress.study;

/**
 * One file of a task, imported into the object store.
 *
 * @param uri where it came from, a hub's with the commit; shown in error messages
 * @param format {@code tsv}, {@code csv}, {@code jsonl} or {@code parquet}
 * @param blob its bytes in the store
 */
public record DataFile(String uri, String format, Blob blob) {}
