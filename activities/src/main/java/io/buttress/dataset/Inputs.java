package io.buttress.dataset;

import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.DataFile;
import io.buttress.study.ResolvedModel;
import java.io.IOException;
import java.nio.file.Path;

/** Models and data files that {@code planStudy} imported: only it can bring back what is lost. */
public final class Inputs {
  private final ArtifactStore store;

  public Inputs(ArtifactStore store) {
    this.store = store;
  }

  /**
   * The artifact of a model's files.
   *
   * @throws LostArtifactException naming the model
   */
  public Artifact model(ResolvedModel model) throws IOException {
    return store.find(model.key()).orElseThrow(() -> lost(model.uri()));
  }

  /**
   * A local copy of a data file.
   *
   * @throws LostArtifactException naming the file
   */
  Path file(DataFile file) throws IOException {
    if (!store.has(file.blob())) {
      throw lost(file.uri());
    }
    return store.blob(file.blob());
  }

  private static LostArtifactException lost(String uri) {
    return new LostArtifactException(
        uri
            + " is no longer in the object store, where the study's plan had put it: start the"
            + " study again, which imports it again");
  }
}
