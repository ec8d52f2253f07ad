package io.buttress.data;

import io.buttress.activity.Failures;
import io.buttress.activity.PrepareDataset;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.DatasetRequest;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Reads and tokenizes a task's files, and stores the outcome. */
public final class PrepareDatasetActivity implements PrepareDataset {
  /** Examples between heartbeats: well below a second's work. */
  private static final int CHUNK = 500;

  private final ArtifactStore store;
  private final DatasetStore datasets;

  public PrepareDatasetActivity(ArtifactStore store) {
    this.store = store;
    this.datasets = new DatasetStore(store);
  }

  /** Heartbeat details: how much of a split is tokenized. */
  public record Progress(String split, int done, int examples) {}

  @Override
  public Prepared prepareDataset(DatasetRequest request) {
    try {
      OptionalInt stored = datasets.trainingExamples(request);
      int examples =
          stored.isPresent() ? stored.getAsInt() : prepare(request).splits().get("train").size();
      return new Prepared(DatasetStore.key(request), examples);
    } catch (InvalidDataException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_DATA);
    } catch (SourceException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TokenizedDataset prepare(DatasetRequest request) throws IOException, SourceException {
    TextDataset texts = TextDataset.read(request.task(), store);
    Map<String, TokenizedDataset.Split> splits = new LinkedHashMap<>();
    try (SubwordTokenizer tokenizer =
        new SubwordTokenizer(
            store.file(store.get(request.model().key()), "tokenizer.json"), request.maxLength())) {
      for (Map.Entry<String, TextDataset.Split> split : texts.splits().entrySet()) {
        splits.put(split.getKey(), tokenize(tokenizer, split.getKey(), split.getValue()));
      }
    }
    TokenizedDataset dataset =
        new TokenizedDataset(request.task().spec().kind(), texts.labels(), splits);
    datasets.put(request, dataset);
    return dataset;
  }

  private static TokenizedDataset.Split tokenize(
      SubwordTokenizer tokenizer, String name, TextDataset.Split split) throws SourceException {
    ActivityExecutionContext context = Activity.getExecutionContext();
    List<List<String>> texts = split.texts();
    int[][] ids = new int[texts.size()][];
    int[][] segments = new int[texts.size()][];
    for (int from = 0; from < ids.length; from += CHUNK) {
      context.heartbeat(new Progress(name, from, ids.length));
      int to = Math.min(from + CHUNK, ids.length);
      SubwordTokenizer.Tokens tokens = tokenizer.encode(texts.subList(from, to));
      System.arraycopy(tokens.ids(), 0, ids, from, to - from);
      System.arraycopy(tokens.segments(), 0, segments, from, to - from);
    }
    return new TokenizedDataset.Split(ids, segments, split.targets());
  }
}
