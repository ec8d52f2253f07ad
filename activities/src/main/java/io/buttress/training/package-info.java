/** The training of a trial, with checkpoints and early stopping, step by step. */
package io.buttress.training;
