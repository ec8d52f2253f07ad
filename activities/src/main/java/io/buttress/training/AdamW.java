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

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2), betas 0.9 and 0.999,
 * epsilon 1e-8, no decay on biases and LayerNorm. Gradients, clipping by their global norm and the
 * update are one call into TorchScript, whatever the number of parameters.
 */
final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final TorchOps ops;
  private final NDManager state;
  private final Group decayed;
  private final Group others;
  private final double weightDecay;
  private final double clipNorm;

  /** Parameters with one rate of weight decay, their moments and step counts, as lists. */
  private record Group(List<NDArray> trained, IValue parameters, IValue m, IValue v, IValue steps) {

    static Group of(List<NDArray> trained, NDManager state) {
      trained.forEach(parameter -> parameter.setRequiresGradient(true));
      return new Group(
          trained,
          list(trained),
          list(trained.stream().map(p -> state.zeros(p.getShape(), DataType.FLOAT32)).toList()),
          list(trained.stream().map(p -> state.zeros(p.getShape(), DataType.FLOAT32)).toList()),
          list(trained.stream().map(p -> state.zeros(new Shape(), DataType.FLOAT32)).toList()));
    }

    private static IValue list(List<NDArray> arrays) {
      return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
    }

    void close() {
      List.of(parameters, m, v, steps).forEach(IValue::close);
      trained.forEach(parameter -> parameter.setRequiresGradient(false));
    }
  }

  /**
   * @param clipNorm largest global gradient norm; 0: gradients are not clipped
   */
  AdamW(BertClassifier model, double weightDecay, double clipNorm) {
    this.weightDecay = weightDecay;
    this.clipNorm = clipNorm;
    ops = model.ops();
    state = model.manager().newSubManager();
    List<NDArray> decay = new ArrayList<>();
    List<NDArray> noDecay = new ArrayList<>();
    model
        .parameters()
        .forEach((name, parameter) -> (decays(name) ? decay : noDecay).add(parameter));
    decayed = Group.of(decay, state);
    others = Group.of(noDecay, state);
  }

  static boolean decays(String name) {
    return !name.endsWith(".bias") && !name.contains("LayerNorm");
  }

  /**
   * One step down the gradient of a loss.
   *
   * @param loss scalar on the autograd tape, which this consumes
   * @return the global gradient norm before clipping, a scalar on the loss's manager
   */
  NDArray step(NDArray loss, double rate) {
    try (IValue total = TorchOps.tensor(loss);
        IValue learningRate = IValue.from(rate);
        IValue beta1 = IValue.from(BETA1);
        IValue beta2 = IValue.from(BETA2);
        IValue decay = IValue.from(weightDecay);
        IValue epsilon = IValue.from(EPSILON);
        IValue clip = IValue.from(clipNorm);
        IValue norm =
            ops.call(
                "adamw",
                total,
                decayed.parameters,
                others.parameters,
                decayed.m,
                others.m,
                decayed.v,
                others.v,
                decayed.steps,
                others.steps,
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
    decayed.close();
    others.close();
    state.close();
  }
}
