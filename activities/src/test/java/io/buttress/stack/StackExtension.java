package io.buttress.stack;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a {@link Stack}, the same to all of a process: the servers that the environment
 * names, else containers, else programs of this machine. Without any of them tests fail in CI and
 * are skipped elsewhere.
 */
public final class StackExtension
    implements ExecutionCondition, BeforeAllCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(StackExtension.class);

  /**
   * @param stack null when there is none
   * @param reason why there is none
   */
  private record Found(Stack stack, String reason) implements AutoCloseable {
    @Override
    public void close() {
      if (stack != null) {
        stack.close();
      }
    }
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Found found = found(context);
    return found.stack() == null && System.getenv("CI") == null
        ? ConditionEvaluationResult.disabled(found.reason())
        : ConditionEvaluationResult.enabled("there are servers, or this is CI");
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    Found found = found(context);
    if (found.stack() == null) {
      fail(found.reason());
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Stack.class;
  }

  @Override
  public Stack resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return found(context).stack();
  }

  private static Found found(ExtensionContext context) {
    // Closed when all tests have ended.
    return context
        .getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
        .getOrComputeIfAbsent(Found.class, key -> find(System.getenv()), Found.class);
  }

  private static Found find(Map<String, String> environment) {
    List<String> reasons = new ArrayList<>();
    try {
      Optional<Stack> stack = ScriptStack.of(environment);
      if (stack.isEmpty()) {
        reasons.add("the environment names none");
        stack = ContainerStack.start(environment, reasons::add);
      }
      if (stack.isEmpty()) {
        stack = ScriptStack.start(environment, reasons::add);
      }
      stack.ifPresent(found -> System.out.println("Temporal, MinIO and MLflow: " + found));
      return new Found(
          stack.orElse(null), "no servers to test against: " + String.join("; ", reasons));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("cannot start servers", e);
    }
  }
}
