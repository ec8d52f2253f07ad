package io.buttress.method;

import io.buttress.model.Part;
import io.buttress.model.TextClassifier;

/**
 * {@code lp}: a linear head on the frozen encoder's pooler output, by L-BFGS; {@code lp-ft}: that
 * head, then fine-tuning of everything (Kumar et al. 2022).
 */
final class LinearProbing implements FineTuningMethod {
  private final MethodContext context;
  private final boolean fineTunes;

  /**
   * @param fineTunes whether everything is fine-tuned from that head on
   */
  LinearProbing(MethodContext context, boolean fineTunes) {
    this.context = context;
    this.fineTunes = fineTunes;
  }

  @Override
  public void prepare(Preparation preparation) {
    TextClassifier model = context.model();
    int outputs = (int) model.parameters().get("classifier.bias").size();
    LinearHead head =
        LinearHead.fit(
            preparation.pooled(),
            preparation.train().targets(),
            context.kind(),
            outputs,
            context.seed("probe", 0));
    model.assign("classifier.weight", head.weight());
    model.assign("classifier.bias", head.bias());
  }

  @Override
  public int steps(int planned) {
    return fineTunes ? planned : 0;
  }

  @Override
  public boolean trains(String parameter) {
    return fineTunes || Part.of(parameter).kind() == Part.Kind.HEAD;
  }
}
