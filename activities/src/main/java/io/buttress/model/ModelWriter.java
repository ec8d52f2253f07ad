package io.buttress.model;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Saves a fine-tuned model as a Hugging Face folder that transformers' {@code
 * AutoModelForSequenceClassification} loads.
 */
public final class ModelWriter {
  private ModelWriter() {}

  /**
   * Writes {@code config.json}, {@code model.safetensors} and copies of the tokenizer's files.
   *
   * @param source the folder that the model was read from
   * @param labels names in class order; empty for regression
   * @param target an existing folder
   */
  public static void write(
      TextClassifier model, ModelFolder source, TaskKind kind, List<String> labels, Path target)
      throws IOException {
    Files.write(
        target.resolve(ModelFolder.CONFIG),
        Json.MAPPER
            .writerWithDefaultPrettyPrinter()
            .writeValueAsBytes(config(model.config(), source.json(), kind, labels)));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, NDArray> entry : model.parameters().entrySet()) {
      NDArray value = entry.getValue();
      tensors.put(
          model.config().family().storedInTaskModel(entry.getKey()),
          new Tensor(
              "F32",
              value.getShape().getShape(),
              value.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN)));
    }
    Safetensors.write(target.resolve(ModelFolder.WEIGHTS), tensors);
    for (String file : ModelFolder.TOKENIZER) {
      Path original = source.folder().resolve(file);
      if (Files.exists(original)) {
        Files.copy(original, target.resolve(file));
      }
    }
  }

  private static ObjectNode config(
      EncoderConfig config, ObjectNode original, TaskKind kind, List<String> labels) {
    ObjectNode json = original.deepCopy();
    json.remove(List.of("_name_or_path", "transformers_version", "dtype", "num_labels"));
    json.putArray("architectures").add(config.family().architecture());
    json.put("torch_dtype", "float32");
    ConfigTerms terms = config.family().terms();
    json.put(terms.hiddenDropout(), config.hiddenDropout());
    json.put(terms.attentionDropout(), config.attentionDropout());
    json.put(terms.classifierDropout(), config.classifierDropout());
    ObjectNode names = json.putObject("id2label");
    ObjectNode indices = json.putObject("label2id");
    List<String> outputs = kind == TaskKind.REGRESSION ? List.of("LABEL_0") : labels;
    for (int i = 0; i < outputs.size(); i++) {
      names.put(Integer.toString(i), outputs.get(i));
      indices.put(outputs.get(i), i);
    }
    json.put(
        "problem_type", kind == TaskKind.REGRESSION ? "regression" : "single_label_classification");
    return json;
  }
}
