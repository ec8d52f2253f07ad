package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.buttress.model.TorchOps;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2), betas 0.9 and 0.999,
 * epsilon 1e-8. Gradients, their global norm and the clipped update of a group are one call into
 * TorchScript each, whatever the number of parameters.
 */
final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final NDManager state;
  private final double clipNorm;
  private final Map<String, NDArray> trained = new LinkedHashMap<>();
  private final Map<String, NDArray> moments = new LinkedHashMap<>();
  private final List<Group> groups = new ArrayList<>();
  private final IValue parameters;
  private final IValue tables;
  private IValue gradients;

  /** Parameters with one learning rate and weight decay, their moments and step counts. */
  private record Group(int size, IValue parameters, IValue m, IValue v, IValue steps) {

    void close() {
      List.of(parameters, m, v, steps).forEach(IValue::close);
    }
  }

  /**
   * @param groups of parameters with one learning rate and weight decay, by name; one parameter at
   *     least
   * @param sparse names of those whose gradients are sparse
   * @param clipNorm largest global gradient norm; 0: gradients are not clipped
   */
  AdamW(NDManager manager, List<Map<String, NDArray>> groups, Set<String> sparse, double clipNorm) {
    this.clipNorm = clipNorm;
    state = manager.newSubManager();
    groups.forEach(trained::putAll);
    trained.values().forEach(parameter -> parameter.setRequiresGradient(true));
    groups.forEach(group -> this.groups.add(group(group)));
    parameters = TorchOps.tensors(List.copyOf(trained.values()));
    // Allocated once: large arrays that come and go with every step fragment the heap.
    tables =
        TorchOps.tensors(
            trained.entrySet().stream()
                .map(e -> sparse.contains(e.getKey()) ? e.getValue().getShape() : new Shape(0))
                .map(shape -> state.zeros(shape, DataType.FLOAT32))
                .toList());
  }

  private Group group(Map<String, NDArray> parameters) {
    return new Group(
        parameters.size(),
        TorchOps.tensors(List.copyOf(parameters.values())),
        zeros("m", parameters, NDArray::getShape),
        zeros("v", parameters, NDArray::getShape),
        zeros("steps", parameters, parameter -> new Shape()));
  }

  private IValue zeros(
      String what, Map<String, NDArray> parameters, Function<NDArray, Shape> shape) {
    List<NDArray> zeros = new ArrayList<>();
    parameters.forEach(
        (name, parameter) -> {
          NDArray zero = state.zeros(shape.apply(parameter), DataType.FLOAT32);
          moments.put(what + "." + name, zero);
          zeros.add(zero);
        });
    return TorchOps.tensors(zeros);
  }

  /** The parameters by name. */
  Map<String, NDArray> trained() {
    return trained;
  }

  /** Moments and step counts by name: what the next step depends on beside the parameters. */
  Map<String, NDArray> state() {
    return moments;
  }

  /**
   * Adds a loss's gradients to those of the coming step.
   *
   * @param loss scalar on the autograd tape, which this consumes
   */
  void accumulate(NDArray loss) {
    try (IValue total = TorchOps.tensor(loss)) {
      if (gradients == null) {
        gradients = TorchOps.call("gradients", total, parameters, tables);
      } else {
        TorchOps.call("accumulate", gradients, total, parameters).close();
      }
    }
  }

  /**
   * One step down the accumulated gradients, which are gone afterwards.
   *
   * @param rates a learning rate for each group
   * @param weightDecays likewise
   * @param manager of the result
   * @return the global gradient norm before clipping, a scalar
   */
  NDArray step(double[] rates, double[] weightDecays, NDManager manager) {
    try (IValue norm = TorchOps.call("norm", gradients);
        IValue most = IValue.from(clipNorm);
        IValue beta1 = IValue.from(BETA1);
        IValue beta2 = IValue.from(BETA2);
        IValue epsilon = IValue.from(EPSILON)) {
      int at = 0;
      for (int i = 0; i < rates.length; i++) {
        Group group = groups.get(i);
        try (IValue start = IValue.from((long) at);
            IValue size = IValue.from((long) group.size());
            IValue mine = TorchOps.call("part", gradients, start, size);
            IValue rate = IValue.from(rates[i]);
            IValue decay = IValue.from(weightDecays[i])) {
          TorchOps.call(
                  "adamw",
                  group.parameters(),
                  mine,
                  group.m(),
                  group.v(),
                  group.steps(),
                  norm,
                  most,
                  rate,
                  decay,
                  beta1,
                  beta2,
                  epsilon)
              .close();
        }
        at += group.size();
      }
      return norm.toTensor((PtNDManager) manager);
    } finally {
      discard();
    }
  }

  private void discard() {
    if (gradients != null) {
      gradients.close();
      gradients = null;
    }
  }

  /** Ends training: parameters leave the autograd tape. */
  @Override
  public void close() {
    discard();
    parameters.close();
    tables.close();
    groups.forEach(Group::close);
    trained.values().forEach(parameter -> parameter.setRequiresGradient(false));
    state.close();
  }
}
