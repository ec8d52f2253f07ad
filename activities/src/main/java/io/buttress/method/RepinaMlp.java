package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.EncoderConfig;
import io.buttress.model.Part;
import io.buttress.study.Method;
import io.buttress.study.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code repina-mlp}: fine-tuned representations must still hold the pre-trained ones, read out by
 * a projection phi that is trained along and discarded (Razdaibiedina et al. 2023).
 *
 * <p>R = mean over layers, mean over the batch, of ||f_pre(x) - phi(f_fin(x))||^2, with one phi for
 * each layer.
 */
final class RepinaMlp extends Repina {
  private final Map<Integer, Projection> projections = new LinkedHashMap<>();
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final MethodContext context;

  RepinaMlp(MethodContext context) {
    super(context);
    this.context = context;
    for (int i = 0; i < layers().size(); i++) {
      int layer = layers().get(i);
      Projection phi = Projection.of(context, i);
      projections.put(layer, phi);
      phi.parameters("phi." + layer + ".").forEach(parameters::put);
    }
  }

  /** An identity through relu holds every x as max(x, 0) and max(-x, 0): twice the width. */
  static List<Problem> problems(Method method, String model, EncoderConfig config) {
    List<Problem> problems = new ArrayList<>(Repina.problems(method, model, config));
    int hidden = config.hiddenSize();
    if (method.text("phiInit").equals("identity")
        && method.integer("depth", 1) > 1
        && method.integer("width", hidden) < 2 * hidden) {
      problems.add(
          EncoderCheck.problem(
              method,
              "width",
              "phiInit identity needs at least twice %s's hidden size %d"
                  .formatted(model, hidden)));
    }
    return problems;
  }

  /** For {@code phiInit: fit}: phi first learns to reproduce the pre-trained representations. */
  @Override
  public void prepare(Preparation preparation) {
    if (lambda() == 0 || !context.method().text("phiInit").equals("fit")) {
      return;
    }
    projections.forEach(
        (layer, phi) ->
            preparation.minimise(
                phi.parameters(""),
                (int) context.method().number("phiSteps"),
                context.method().number("phiLearningRate"),
                (rows, manager) -> {
                  NDArray pretrained = context.snapshot().rows(layer, rows, manager);
                  return term(layer, pretrained, pretrained);
                }));
  }

  @Override
  NDArray term(int layer, NDArray finetuned, NDArray pretrained) {
    return meanSquaredNorm(projections.get(layer).apply(finetuned).sub(pretrained));
  }

  /** With lambda 0 no loss depends on phi, so that there is no gradient to train it by. */
  @Override
  public Map<String, NDArray> parameters() {
    return lambda() == 0 ? Map.of() : parameters;
  }

  @Override
  public double rate(Part part, int step) {
    return part.kind() == Part.Kind.METHOD
        ? context.method().number("phiLearningRate") / context.training().learningRate()
        : 1;
  }
}
