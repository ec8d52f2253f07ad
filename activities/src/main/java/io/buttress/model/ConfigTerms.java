package io.buttress.model;

/** What a family calls the fields of its {@code config.json} that not all call the same. */
record ConfigTerms(
    String hiddenSize,
    String layers,
    String heads,
    String intermediateSize,
    String activation,
    String hiddenDropout,
    String attentionDropout,
    String classifierDropout) {

  static final ConfigTerms COMMON =
      new ConfigTerms(
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          "intermediate_size",
          "hidden_act",
          "hidden_dropout_prob",
          "attention_probs_dropout_prob",
          "classifier_dropout");

  static final ConfigTerms DISTILBERT =
      new ConfigTerms(
          "dim",
          "n_layers",
          "n_heads",
          "hidden_dim",
          "activation",
          "dropout",
          "attention_dropout",
          "seq_classif_dropout");
}
