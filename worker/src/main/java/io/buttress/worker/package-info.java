/** The program: command line, worker process, settings from the environment, health and metrics. */
package io.buttress.worker;
