package io.buttress.worker;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import com.codahale.metrics.MetricRegistry;

/** Gauges of the first GPU's memory, of all processes that use it; none without a GPU. */
final class GpuMemory {
  private GpuMemory() {}

  static void register(MetricRegistry metrics) {
    if (CudaUtils.getGpuCount() > 0) {
      metrics.registerGauge(
          "buttress.gpu.memory.used.bytes", () -> CudaUtils.getGpuMemory(Device.gpu(0)).getUsed());
      metrics.registerGauge(
          "buttress.gpu.memory.size.bytes", () -> CudaUtils.getGpuMemory(Device.gpu(0)).getMax());
    }
  }
}
