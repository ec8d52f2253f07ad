package io.buttress.worker;

import io.buttress.study.InvalidStudyException;
import io.buttress.study.Problem;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Turns what went wrong into a line or a few and an exit code; the stack trace goes to the log. */
final class ErrorReport implements CommandLine.IExecutionExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorReport.class);

  private final Path log;

  ErrorReport(Path log) {
    this.log = log;
  }

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
    PrintWriter err = command.getErr();
    if (failure instanceof InvalidStudyException invalid) {
      for (Problem problem : invalid.problems()) {
        err.println("buttress: " + problem);
      }
      return Exit.USAGE;
    }
    if (failure instanceof ServiceException) {
      LOG.debug("a service failed", failure);
      err.println("buttress: " + failure.getMessage());
    } else {
      LOG.error("command failed", failure);
      err.println("buttress: " + failure + " (stack trace in " + log + ")");
    }
    return Exit.SERVICE;
  }
}
