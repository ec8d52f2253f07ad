package io.buttress.encoding;

import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.Inputs;
import io.buttress.model.InitialWeights;
import io.buttress.model.ModelFolder;
import io.buttress.model.TextClassifier;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Numerics;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedModel;
import io.buttress.study.Seeds;
import java.io.IOException;
import java.util.Random;

/** Probes pre-trained encoders, and random ones of the same architecture, once. */
public final class PretrainedProbes {
  private final ArtifactStore store;
  private final Inputs inputs;
  private final ProbeStore probes;
  private final Prober prober;

  public PretrainedProbes(ArtifactStore store, DatasetStore datasets) {
    this.store = store;
    inputs = new Inputs(store);
    probes = new ProbeStore(store);
    prober = new Prober(datasets);
  }

  /** When this returns, what both encoders reach is in the store. */
  public void ensure(ProbeRequest request, Progress progress) throws IOException {
    Numerics numerics = EngineNumerics.current();
    boolean pretrained = probes.find(ProbeStore.PRETRAINED, request, numerics).isPresent();
    boolean random = probes.find(ProbeStore.RANDOM, request, numerics).isPresent();
    if (pretrained && random) {
      return;
    }
    ResolvedModel source = request.dataset().model();
    ModelFolder folder = ModelFolder.read(store.folder(inputs.model(source)), source.uri());
    // Representations do not depend on the head, so its seed does not matter.
    try (EngineLock engine = EngineLock.acquire(progress);
        TextClassifier model = new TextClassifier(folder, folder.config(), 1, purpose -> 0)) {
      if (!pretrained) {
        probes.put(ProbeStore.PRETRAINED, request, prober.probe(model, request, progress));
      }
      if (!random) {
        forget(model);
        probes.put(ProbeStore.RANDOM, request, prober.probe(model, request, progress));
      }
    }
  }

  private static void forget(TextClassifier model) {
    Random random = new Random(Seeds.derive(0, "random-encoder", 0));
    model
        .parameters()
        .forEach(
            (name, values) ->
                model.assign(
                    name, InitialWeights.draw(name, (int) values.size(), model.config(), random)));
  }
}
