package io.buttress.method;

import ai.djl.ndarray.NDArray;

/**
 * The two terms of a micro-batch's loss, scalars on the autograd tape.
 *
 * @param task mean task loss
 * @param penalty R, a mean over the batch as well; null: none
 * @param relative R over its natural scale, only to be logged; null: none
 */
public record Loss(NDArray task, NDArray penalty, NDArray relative) {}
