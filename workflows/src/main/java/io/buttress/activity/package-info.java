/** The steps of a study, an interface each, with what they take and give. */
package io.buttress.activity;
