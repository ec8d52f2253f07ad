package io.buttress.study;

/**
 * A task tokenized for a model: the deciding inputs of a dataset artifact.
 *
 * @param maxLength longest input in tokens, special tokens included
 */
public record DatasetRequest(ResolvedModel model, ResolvedTask task, int maxLength) {}
