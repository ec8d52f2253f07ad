package io.buttress.worker;

import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;

/** A random BERT of a few KB with a character tokenizer, as a Hugging Face folder. */
final class TinyModel {
  private static final int HIDDEN = 16;
  private static final int LAYERS = 2;
  private static final int INTERMEDIATE = 32;
  private static final int POSITIONS = 128;

  private TinyModel() {}

  /** For {@code infra/class-archive}; takes the folder to write. */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]));
  }

  static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<String> vocabulary = vocabulary();
    Files.writeString(folder.resolve("config.json"), config(vocabulary.size()));
    Files.writeString(folder.resolve("tokenizer.json"), tokenizer(vocabulary));
    Safetensors.write(folder.resolve("model.safetensors"), weights(vocabulary.size()));
    return folder;
  }

  private static List<String> vocabulary() {
    TreeSet<String> letters = new TreeSet<>();
    for (char c = 'a'; c <= 'z'; c++) {
      letters.add(String.valueOf(c));
      letters.add("##" + c);
    }
    List<String> all = new java.util.ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]"));
    all.addAll(letters);
    all.addAll(List.of(".", ",", "not", "no", "good", "bad", "great", "terrible", "the", "was"));
    return all;
  }

  private static String config(int vocabulary) {
    return """
        {"model_type": "bert", "hidden_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": 2, "intermediate_size": %d, "max_position_embeddings": %d,
         "type_vocab_size": 2, "vocab_size": %d, "hidden_act": "gelu",
         "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
        """
        .formatted(HIDDEN, LAYERS, INTERMEDIATE, POSITIONS, vocabulary);
  }

  private static String tokenizer(List<String> vocabulary) {
    StringBuilder entries = new StringBuilder();
    for (int i = 0; i < vocabulary.size(); i++) {
      entries
          .append(i == 0 ? "" : ", ")
          .append('"')
          .append(vocabulary.get(i))
          .append("\": ")
          .append(i);
    }
    return """
        {"version": "1.0",
         "normalizer": {"type": "BertNormalizer", "clean_text": true,
           "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
           "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
             {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
             {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
           "special_tokens": {
             "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
             "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
         "model": {"type": "WordPiece", "unk_token": "[UNK]",
           "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {%s}}}
        """
        .formatted(entries);
  }

  private static Map<String, Tensor> weights(int vocabulary) {
    Random random = new Random(1);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    normal(tensors, random, "embeddings.word_embeddings.weight", vocabulary, HIDDEN);
    normal(tensors, random, "embeddings.position_embeddings.weight", POSITIONS, HIDDEN);
    normal(tensors, random, "embeddings.token_type_embeddings.weight", 2, HIDDEN);
    norm(tensors, "embeddings.LayerNorm");
    for (int i = 0; i < LAYERS; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String name : List.of("self.query", "self.key", "self.value", "output.dense")) {
        linear(tensors, random, layer + "attention." + name, HIDDEN, HIDDEN);
      }
      norm(tensors, layer + "attention.output.LayerNorm");
      linear(tensors, random, layer + "intermediate.dense", INTERMEDIATE, HIDDEN);
      linear(tensors, random, layer + "output.dense", HIDDEN, INTERMEDIATE);
      norm(tensors, layer + "output.LayerNorm");
    }
    return tensors;
  }

  private static void linear(
      Map<String, Tensor> tensors, Random random, String name, int outputs, int inputs) {
    normal(tensors, random, name + ".weight", outputs, inputs);
    tensors.put(name + ".bias", Tensor.of(new float[outputs], outputs));
  }

  private static void norm(Map<String, Tensor> tensors, String name) {
    float[] ones = new float[HIDDEN];
    java.util.Arrays.fill(ones, 1);
    tensors.put(name + ".weight", Tensor.of(ones, HIDDEN));
    tensors.put(name + ".bias", Tensor.of(new float[HIDDEN], HIDDEN));
  }

  private static void normal(
      Map<String, Tensor> tensors, Random random, String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * 0.2);
    }
    tensors.put(name, Tensor.of(values, rows, columns));
  }
}
