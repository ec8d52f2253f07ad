package ai.djl.pytorch.jni;

import ai.djl.pytorch.engine.PtSymbolBlock;

/**
 * Calls a TorchScript method with autograd. In DJL's package because the native call is private to
 * it, and DJL's own {@code IValueUtils.runMethod} always runs in inference mode, which cuts
 * gradients.
 */
public final class ScriptMethod {
  private ScriptMethod() {}

  /** Runs a method in the thread's gradient mode. The caller closes arguments and result. */
  public static IValue call(PtSymbolBlock block, String method, IValue... arguments) {
    long[] handles = new long[arguments.length];
    for (int i = 0; i < handles.length; i++) {
      handles[i] = arguments[i].getHandle();
    }
    // isTrain = true means: no inference mode.
    return new IValue(
        PyTorchLibrary.LIB.moduleRunMethod(block.getHandle(), method, handles, true, false));
  }
}
