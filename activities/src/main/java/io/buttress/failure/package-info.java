/** From an exception to the failure that Temporal is told of, and whether it is tried again. */
package io.buttress.failure;
