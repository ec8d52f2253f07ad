/** From a spec to a plan: importing what it names, listing trials, choosing settings. */
package io.buttress.plan;
