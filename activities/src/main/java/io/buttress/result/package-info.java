/** The result of a trial: made, stored, and entered into the contest for the best model. */
package io.buttress.result;
