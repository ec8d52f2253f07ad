/** Calls of PyTorch that DJL keeps to this package of its own. */
package ai.djl.pytorch.jni;
