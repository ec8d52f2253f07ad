/**
 * Where models and data come from: files, the web, buckets, hubs, archives and built-in samples.
 */
package io.buttress.source;
