/** Whether a difference means anything: bootstrap, ranks and tests over results. */
package io.buttress.statistics;
