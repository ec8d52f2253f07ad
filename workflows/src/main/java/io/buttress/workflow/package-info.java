/** The order of the steps: a study's, and that of each of its trials. */
package io.buttress.workflow;
