package io.buttress.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a model that a parameter belongs to.
 *
 * @param layer 1 for the encoder's first layer; 0 for what is no layer
 */
public record Part(Kind kind, int layer) {
  private static final Pattern LAYER = Pattern.compile("encoder\\.layer\\.(\\d+)\\..*");

  /** From the input to the output. */
  public enum Kind {
    EMBEDDINGS,
    LAYER,
    POOLER,
    HEAD,
    /** What a fine-tuning method adds for training. */
    METHOD
  }

  /** By the parameter's name in {@link TextClassifier#parameters}. */
  public static Part of(String parameter) {
    Matcher layer = LAYER.matcher(parameter);
    if (layer.matches()) {
      return new Part(Kind.LAYER, Integer.parseInt(layer.group(1)) + 1);
    }
    return new Part(
        switch (parameter.split("[._]", 2)[0]) {
          case "embeddings" -> Kind.EMBEDDINGS;
          case "pooler" -> Kind.POOLER;
          case "classifier" -> Kind.HEAD;
          default -> Kind.METHOD;
        },
        0);
  }

  /** Whether it was pre-trained: embeddings and layers. */
  public boolean encoder() {
    return kind == Kind.EMBEDDINGS || kind == Kind.LAYER;
  }
}
