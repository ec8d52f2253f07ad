/**
 * How far representations have collapsed: spectra, and metrics of them, before and after training.
 */
package io.buttress.collapse;
