/**
 * Encoders of the BERT family with a head, and the Hugging Face folders that they are read from.
 */
package io.buttress.model;
