package io.buttress.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.ScriptMethod;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Fused PyTorch operations that DJL has no call for, as TorchScript methods without weights; {@code
 * infra/kernels/gen_ops.py} makes them.
 */
public final class TorchOps {
  private TorchOps() {}

  /** Loaded once in a process, by the first call; for arrays of any device and many threads. */
  private static final class Script {
    private static final PtSymbolBlock BLOCK = load();

    private static PtSymbolBlock load() {
      PtNDManager manager = (PtNDManager) NDManager.newBaseManager(Device.cpu());
      try (InputStream in = TorchOps.class.getResourceAsStream("ops.pt")) {
        return JniUtils.loadModule(manager, in, false, false);
      } catch (IOException e) {
        throw new IllegalStateException("ops.pt cannot be read from the class path", e);
      }
    }
  }

  /**
   * softmax(Q K' / sqrt(size)) V (Vaswani et al. 2017, eq. 1) in each head and example, dropout on
   * the probabilities.
   *
   * @param query {@code [n, heads x size]}, as are key, value and the result
   * @param batch whose n tokens these are
   * @param dropout rate; 0 in evaluation
   */
  static NDArray attention(
      NDArray query, NDArray key, NDArray value, Batch batch, int heads, double dropout) {
    try (IValue q = tensor(query);
        IValue k = tensor(key);
        IValue v = tensor(value);
        IValue places = tensor(batch.places());
        IValue mask = tensor(batch.mask());
        IValue groups = IValue.listFrom(batch.groups());
        IValue count = IValue.from((long) heads);
        IValue p = IValue.from(dropout);
        IValue result = call("attention", q, k, v, places, mask, groups, count, p)) {
      return result.toTensor((PtNDManager) query.getManager());
    }
  }

  /**
   * Dropout (Srivastava et al. 2014). Drops by 16 random bits a value: four values share a draw of
   * PyTorch's generator, whose draws are serial on a CPU.
   *
   * @param rate of values that become 0, in (0, 1), at most 65535 / 65536, to a precision of 1 /
   *     65536; the others grow by 1 / (1 - rate)
   */
  static NDArray dropout(NDArray x, double rate) {
    try (IValue input = tensor(x);
        IValue p = IValue.from(rate);
        IValue result = call("dropout", input, p)) {
      return result.toTensor((PtNDManager) x.getManager());
    }
  }

  /**
   * x W' + b in bfloat16, whatever the arguments are in. The result has a type that DJL does not
   * know: only PyTorch's own operations can take it.
   *
   * @param x {@code [n, inputs]}
   * @param weight {@code [outputs, inputs]}
   * @param bias {@code [outputs]}; null: none
   */
  static NDArray linearBfloat16(NDArray x, NDArray weight, NDArray bias) {
    try (IValue input = tensor(x);
        IValue w = tensor(weight);
        IValue b = bias == null ? null : tensor(bias);
        IValue result =
            b == null ? call("product_bfloat16", input, w) : call("linear_bfloat16", input, w, b)) {
      return result.toTensor((PtNDManager) x.getManager());
    }
  }

  /** GELU by its tanh approximation (Hendrycks & Gimpel 2016, section 2). */
  static NDArray geluTanh(NDArray x) {
    try (IValue input = tensor(x);
        IValue result = call("gelu_tanh", input)) {
      return result.toTensor((PtNDManager) x.getManager());
    }
  }

  /** Copies values into an array, in place. */
  public static void assign(NDArray target, NDArray values) {
    try (IValue t = tensor(target);
        IValue v = tensor(values)) {
      call("assign", t, v).close();
    }
  }

  /**
   * Copies values, times a scale, into rows of an array, in place.
   *
   * @param rows int64 {@code [n]}, which
   * @param values {@code [n, width]}
   */
  static void assignRows(NDArray target, NDArray rows, NDArray values, double scale) {
    try (IValue t = tensor(target);
        IValue r = tensor(rows);
        IValue v = tensor(values);
        IValue s = IValue.from(scale)) {
      call("assign_rows", t, r, v, s).close();
    }
  }

  /** target + mask * (weight - target), on the autograd tape. */
  public static NDArray mixed(NDArray weight, NDArray target, NDArray mask) {
    try (IValue w = tensor(weight);
        IValue t = tensor(target);
        IValue m = tensor(mask);
        IValue result = call("mixed", w, t, m)) {
      return result.toTensor((PtNDManager) mask.getManager());
    }
  }

  /**
   * Singular values of a matrix {@code [n, h]}, descending, and of the same with its column means
   * taken off: {@code [2, min(n, h)]}.
   */
  public static NDArray spectra(NDArray z) {
    try (IValue matrix = tensor(z);
        IValue result = call("spectra", matrix)) {
      return result.toTensor((PtNDManager) z.getManager());
    }
  }

  /** Frobenius norm of Y'X, column means taken off. */
  public static NDArray crossNorm(NDArray y, NDArray x) {
    try (IValue left = tensor(y);
        IValue right = tensor(x);
        IValue result = call("cross_norm", left, right)) {
      return result.toTensor((PtNDManager) y.getManager());
    }
  }

  /**
   * How class means spread: {@code [2, min(count, h)]}, the singular values of the centred means
   * over sqrt(count), descending, and the mean over classes of the variance within them along each
   * one's right singular vector.
   *
   * @param z {@code [n, h]}
   * @param group n indices of classes, none of which is empty
   * @param count of classes
   */
  public static NDArray classSpread(NDArray z, NDArray group, int count) {
    try (IValue matrix = tensor(z);
        IValue indices = tensor(group);
        IValue classes = IValue.from((long) count);
        IValue result = call("class_spread", matrix, indices, classes)) {
      return result.toTensor((PtNDManager) z.getManager());
    }
  }

  /** Calls a TorchScript method in the thread's gradient mode. The caller closes all values. */
  public static IValue call(String method, IValue... arguments) {
    // A thread's first calls would otherwise be spent on profiling and compiling every new shape.
    JniUtils.setGraphExecutorOptimize(false);
    return ScriptMethod.call(Script.BLOCK, method, arguments);
  }

  /** An array as an argument. */
  public static IValue tensor(NDArray array) {
    return IValue.from((PtNDArray) array);
  }

  /** Arrays as an argument. */
  public static IValue tensors(List<NDArray> arrays) {
    return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
  }
}
