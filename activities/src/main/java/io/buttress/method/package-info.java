/** Methods of fine-tuning, a class each, and what they may change in a training run. */
package io.buttress.method;
