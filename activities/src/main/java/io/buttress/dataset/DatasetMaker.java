package io.buttress.dataset;

import io.buttress.model.Split;
import io.buttress.source.SourceException;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.DatasetRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Reads and tokenizes a task's files. */
final class DatasetMaker {
  /** Examples between reports of progress: well below a second's work. */
  private static final int CHUNK = 500;

  private final ArtifactStore store;
  private final Inputs inputs;

  DatasetMaker(ArtifactStore store) {
    this.store = store;
    this.inputs = new Inputs(store);
  }

  /** How much of a split is tokenized. */
  record Progress(String split, int done, int examples) {}

  TokenizedDataset make(DatasetRequest request, Consumer<Progress> progress)
      throws IOException, SourceException {
    TextDataset texts = TextDataset.read(request.task(), inputs);
    Map<String, Split> splits = new LinkedHashMap<>();
    try (SubwordTokenizer tokenizer =
        new SubwordTokenizer(
            store.file(inputs.model(request.model()), "tokenizer.json"), request.maxLength())) {
      for (Map.Entry<String, TextDataset.Split> split : texts.splits().entrySet()) {
        splits.put(split.getKey(), tokenize(tokenizer, split.getKey(), split.getValue(), progress));
      }
    }
    return new TokenizedDataset(request.task().spec().kind(), texts.labels(), splits);
  }

  private static Split tokenize(
      SubwordTokenizer tokenizer, String name, TextDataset.Split split, Consumer<Progress> progress)
      throws SourceException {
    List<List<String>> texts = split.texts();
    int[][] ids = new int[texts.size()][];
    int[][] segments = new int[texts.size()][];
    for (int from = 0; from < ids.length; from += CHUNK) {
      progress.accept(new Progress(name, from, ids.length));
      int to = Math.min(from + CHUNK, ids.length);
      SubwordTokenizer.Tokens tokens = tokenizer.encode(texts.subList(from, to));
      System.arraycopy(tokens.ids(), 0, ids, from, to - from);
      System.arraycopy(tokens.segments(), 0, segments, from, to - from);
    }
    return new Split(ids, segments, split.targets());
  }
}
