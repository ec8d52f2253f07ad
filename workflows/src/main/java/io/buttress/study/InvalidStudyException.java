package io.buttress.study;

import java.util.List;
import java.util.stream.Collectors;

/** A study that cannot be run as written; lists every problem, one a line. */
public final class InvalidStudyException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient List<Problem> problems;

  public InvalidStudyException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  public List<Problem> problems() {
    return problems;
  }
}
