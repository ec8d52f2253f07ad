package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import java.util.Arrays;
import java.util.List;

/**
 * A family of encoders: what its files call things, and where its forward pass differs from BERT's.
 * Inside, all families' parameters have BERT's names ({@link TextClassifier#parameters}); the
 * head's first linear layer is {@code pooler.dense}, its last {@code classifier}.
 */
public enum Family {
  /** Devlin et al. 2019. */
  BERT("bert", "Bert", ConfigTerms.COMMON),

  /** Liu et al. 2019. */
  ROBERTA(
      "roberta",
      "Roberta",
      ConfigTerms.COMMON,
      new Renaming("classifier.", "classifier.out_proj."),
      new Renaming("pooler.", "classifier.")),

  /** Sanh et al. 2019. */
  DISTILBERT(
      "distilbert",
      "DistilBert",
      ConfigTerms.DISTILBERT,
      new Renaming("pooler.dense.", "pre_classifier."),
      new Renaming("encoder.layer.", "transformer.layer."),
      new Renaming(".attention.self.query.", ".attention.q_lin."),
      new Renaming(".attention.self.key.", ".attention.k_lin."),
      new Renaming(".attention.self.value.", ".attention.v_lin."),
      new Renaming(".attention.output.dense.", ".attention.out_lin."),
      new Renaming(".attention.output.LayerNorm.", ".sa_layer_norm."),
      new Renaming(".intermediate.dense.", ".ffn.lin1."),
      new Renaming(".output.dense.", ".ffn.lin2."),
      new Renaming(".output.LayerNorm.", ".output_layer_norm.")),

  /** Clark et al. 2020: the discriminator. */
  ELECTRA(
      "electra",
      "Electra",
      ConfigTerms.COMMON,
      new Renaming("classifier.", "classifier.out_proj."),
      new Renaming("pooler.", "classifier."));

  private final String modelType;
  private final String architecture;
  private final ConfigTerms terms;
  private final List<Renaming> renamings;

  /** Part of a parameter's name here and in files; applied one after the other. */
  private record Renaming(String inside, String stored) {}

  Family(String modelType, String architecture, ConfigTerms terms, Renaming... renamings) {
    this.modelType = modelType;
    this.architecture = architecture + "ForSequenceClassification";
    this.terms = terms;
    this.renamings = List.of(renamings);
  }

  /** By the field {@code model_type}. */
  static Family of(ConfigFields fields) throws InvalidModelException {
    List<String> types = Arrays.stream(values()).map(family -> family.modelType).toList();
    return values()[types.indexOf(fields.oneOf("model_type", "", types))];
  }

  /** The class of transformers that a fine-tuned model is. */
  String architecture() {
    return architecture;
  }

  ConfigTerms terms() {
    return terms;
  }

  /** What task models put before the names of the encoder's parameters. */
  String prefix() {
    return modelType + ".";
  }

  /** A parameter's name in a file without {@link #prefix}. */
  String stored(String parameter) {
    String name = parameter;
    for (Renaming renaming : renamings) {
      name = name.replace(renaming.inside, renaming.stored);
    }
    return name;
  }

  /** A parameter's name in a file of the class {@link #architecture}. */
  String storedInTaskModel(String parameter) {
    boolean encoder =
        switch (Part.of(parameter).kind()) {
          case POOLER -> poolerIsPretrained();
          case HEAD -> false;
          default -> true;
        };
    return (encoder ? prefix() : "") + stored(parameter);
  }

  /** BERT's pooler belongs to the encoder; elsewhere it is a part of the head. */
  boolean poolerIsPretrained() {
    return this == BERT;
  }

  /** Whether inputs have segments. RoBERTa has a table for them, of which it reads row 0. */
  boolean readsSegments() {
    return this == BERT || this == ELECTRA;
  }

  boolean hasSegmentTable() {
    return this != DISTILBERT;
  }

  /** Whether positions count from the pad token's id + 1, pad tokens left out. */
  boolean countsPositionsFromPad() {
    return this == ROBERTA;
  }

  /**
   * An example's positions: from 0, or RoBERTa's, from the pad token's id + 1 with pad tokens left
   * out (a text may spell one).
   *
   * @param into written from {@code at}
   */
  void positions(int[] tokens, int padId, long[] into, int at) {
    int seen = 0;
    for (int j = 0; j < tokens.length; j++) {
      if (countsPositionsFromPad()) {
        into[at + j] = tokens[j] == padId ? padId : padId + ++seen;
      } else {
        into[at + j] = j;
      }
    }
  }

  /** Whether embeddings may be narrower than hidden states, with a linear layer between. */
  boolean projectsEmbeddings() {
    return this == ELECTRA;
  }

  boolean dropsAttentionOutput() {
    return this != DISTILBERT;
  }

  boolean dropsPoolerInput() {
    return this == ROBERTA || this == ELECTRA;
  }

  NDArray poolerActivation(NDArray x) {
    return switch (this) {
      case BERT, ROBERTA -> Activation.tanh(x);
      case DISTILBERT -> Activation.relu(x);
      case ELECTRA -> Activation.gelu(x);
    };
  }

  int defaultPadId() {
    return this == ROBERTA ? 1 : 0;
  }

  double defaultClassifierDropout(double hiddenDropout) {
    return this == DISTILBERT ? 0.2 : hiddenDropout;
  }
}
