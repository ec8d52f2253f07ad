/**
 * Object stores and what lies in them: blobs by digest, refs, artifacts, caches, tensors in files.
 */
package io.buttress.storage;
