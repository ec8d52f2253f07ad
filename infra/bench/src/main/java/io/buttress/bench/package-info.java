/** What things cost: the Java side of the scripts in {@code infra/bench}. */
package io.buttress.bench;
