package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class BusySlotsTest {
  private final BusySlots busy = new BusySlots();

  @Test
  void countsWhatRuns() {
    assertThat(busy.count()).isZero();
    int inside = run(() -> run(busy::count));
    assertThat(inside).isEqualTo(2);
    assertThat(busy.count()).isZero();
  }

  @Test
  void whatFailsRunsNoMore() {
    assertThatThrownBy(
            () ->
                run(
                    () -> {
                      throw new IllegalStateException("out of memory");
                    }))
        .hasMessage("out of memory");
    assertThat(busy.count()).isZero();
  }

  /** Runs an activity through the interceptor. */
  private int run(Supplier<Integer> activity) {
    ActivityInboundCallsInterceptor calls =
        busy.interceptActivity(
            new ActivityInboundCallsInterceptor() {
              @Override
              public void init(ActivityExecutionContext context) {}

              @Override
              public ActivityOutput execute(ActivityInput input) {
                return new ActivityOutput(activity.get());
              }
            });
    return (int) calls.execute(null).getResult();
  }
}
