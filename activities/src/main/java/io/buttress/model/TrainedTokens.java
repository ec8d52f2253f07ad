package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * The word embeddings of a training set's tokens, in a table of their own, which training passes
 * look up and change until this is closed. No gradient ever reaches another token's embedding: it
 * only shrinks by weight decay, so it needs no place in gradients and optimizer moments. The
 * model's own table is as before training until {@link #settle}.
 */
public final class TrainedTokens implements AutoCloseable {
  /** The model's own table by name, {@code [vocabulary, E]}. */
  public static final String TABLE = "embeddings.word_embeddings.weight";

  private final Encoder encoder;
  private final NDManager arrays;
  private final NDArray table;
  private final NDArray ids;
  private final NDArray places;
  private final NDArray rows;
  private final NDArray otherIds;
  private final NDArray others;
  private double shrinkage = 1;

  /**
   * @param model has no other ones that are open
   * @param inputIds of all training examples
   */
  public TrainedTokens(TextClassifier model, int[][] inputIds) {
    encoder = model.encoder();
    table = model.parameters().get(TABLE);
    arrays = model.manager().newSubManager();
    int vocabulary = (int) table.getShape().get(0);
    BitSet seen = new BitSet(vocabulary);
    Arrays.stream(inputIds).flatMapToInt(Arrays::stream).forEach(seen::set);
    int[] tokens = seen.stream().toArray();
    // -1 is no row: looking up a token that the training set does not have fails.
    long[] place = new long[vocabulary];
    Arrays.fill(place, -1);
    for (int i = 0; i < tokens.length; i++) {
      place[tokens[i]] = i;
    }
    places = arrays.create(place);
    ids = ids(tokens);
    rows = lookUp(ids, table);
    otherIds = ids(IntStream.range(0, vocabulary).filter(id -> !seen.get(id)).toArray());
    others = lookUp(otherIds, table);
    encoder.train(this);
  }

  private NDArray ids(int[] tokens) {
    return arrays.create(Arrays.stream(tokens).asLongStream().toArray());
  }

  /** What is trained: {@code [tokens, E]}. */
  public NDArray rows() {
    return rows;
  }

  /** {@code [n, E]} on the autograd tape, where the gradient of {@link #rows} is sparse. */
  NDArray lookUp(NDArray inputIds) {
    NDArray indices = places.gather(inputIds, 0);
    indices.attach(inputIds.getManager());
    return lookUp(indices, rows);
  }

  private static NDArray lookUp(NDArray indices, NDArray table) {
    return Embedding.embedding(indices, table, SparseFormat.COO).singletonOrThrow();
  }

  /** Shrinks all other embeddings to a fraction, when they are settled. */
  public void shrink(double fraction) {
    shrinkage *= fraction;
  }

  /** Brings the model's own table up to date. */
  public void settle() {
    TorchOps.assignRows(table, ids, rows, 1);
    TorchOps.assignRows(table, otherIds, others, shrinkage);
  }

  @Override
  public void close() {
    encoder.train(null);
    arrays.close();
  }
}
