/** Running an encoder without training it: evaluation, snapshots of representations, probes. */
package io.buttress.encoding;
