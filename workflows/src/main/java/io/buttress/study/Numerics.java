package io.buttress.study;

/**
 * What decides the last bits of a floating-point result beside its inputs: only on the same kind of
 * device, with as many threads and the same vector instructions, equal inputs give equal bytes.
 *
 * @param device {@code cpu} or {@code gpu}
 * @param threads of the engine, per process
 * @param instructions widest set of vector instructions that the engine chooses its kernels by
 */
public record Numerics(String device, int threads, String instructions) {}
