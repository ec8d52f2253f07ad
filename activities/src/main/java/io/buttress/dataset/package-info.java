/** From a file of examples to a tokenized dataset: readers, tokenizer, few-shot, noise, splits. */
package io.buttress.dataset;
