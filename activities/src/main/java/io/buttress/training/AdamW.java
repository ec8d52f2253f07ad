package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.buttress.model.BertClassifier;
import io.buttress.model.TorchOps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2), betas 0.9 and 0.999,
 * epsilon 1e-8, no decay on biases and LayerNorm. Gradients, clipping by their global norm and the
 * update are two calls into fused kernels, whatever the number of parameters.
 */
final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final TorchOps ops;
  private final NDManager state;
  private final List<NDArray> trained;
  private final IValue parameters;
  private final IValue firstMoments;
  private final IValue secondMoments;
  private final IValue steps;
  private final int decayed;
  private final double weightDecay;
  private final double clipNorm;

  /**
   * @param clipNorm largest global gradient norm; 0: gradients are not clipped
   */
  AdamW(BertClassifier model, double weightDecay, double clipNorm) {
    ops = model.ops();
    state = model.manager().newSubManager();
    this.weightDecay = weightDecay;
    this.clipNorm = clipNorm;
    List<NDArray> decay = new ArrayList<>();
    List<NDArray> noDecay = new ArrayList<>();
    for (Map.Entry<String, NDArray> entry : model.parameters().entrySet()) {
      (decays(entry.getKey()) ? decay : noDecay).add(entry.getValue());
    }
    decayed = decay.size();
    trained = new ArrayList<>(decay);
    trained.addAll(noDecay);
    trained.forEach(parameter -> parameter.setRequiresGradient(true));
    parameters = list(trained);
    firstMoments = list(trained.stream().map(this::zeros).toList());
    secondMoments = list(trained.stream().map(this::zeros).toList());
    steps = list(trained.stream().map(p -> state.zeros(new Shape(), DataType.FLOAT32)).toList());
  }

  private static boolean decays(String name) {
    return !name.endsWith(".bias") && !name.contains("LayerNorm");
  }

  private NDArray zeros(NDArray parameter) {
    return state.zeros(parameter.getShape(), DataType.FLOAT32);
  }

  private static IValue list(List<NDArray> arrays) {
    return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
  }

  /**
   * One step down the gradient of a loss.
   *
   * @param loss scalar on the autograd tape, which this consumes
   * @return the global gradient norm before clipping, a scalar on the loss's manager
   */
  NDArray step(NDArray loss, double rate) {
    try (IValue total = TorchOps.tensor(loss);
        IValue gradients = ops.call("gradients", total, parameters);
        IValue decayedCount = IValue.from(decayed);
        IValue learningRate = IValue.from(rate);
        IValue beta1 = IValue.from(BETA1);
        IValue beta2 = IValue.from(BETA2);
        IValue decay = IValue.from(weightDecay);
        IValue epsilon = IValue.from(EPSILON);
        IValue clip = IValue.from(clipNorm);
        IValue norm =
            ops.call(
                "adamw",
                parameters,
                gradients,
                firstMoments,
                secondMoments,
                steps,
                decayedCount,
                learningRate,
                beta1,
                beta2,
                decay,
                epsilon,
                clip)) {
      return norm.toTensor((PtNDManager) loss.getManager());
    }
  }

  /** Ends training: parameters leave the autograd tape. */
  @Override
  public void close() {
    for (IValue list : List.of(parameters, firstMoments, secondMoments, steps)) {
      list.close();
    }
    trained.forEach(parameter -> parameter.setRequiresGradient(false));
    state.close();
  }
}
