/** How good predictions are: task metrics, resampled metrics, linear heads and probes. */
package io.buttress.evaluation;
