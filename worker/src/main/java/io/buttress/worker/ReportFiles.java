package io.buttress.worker;

import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Copies a stored report into a folder. */
final class ReportFiles {
  private ReportFiles() {}

  /** Replaces each file of the report whole, so that a reader never sees half of one. */
  static void write(ArtifactStore store, String reportKey, Path folder) throws IOException {
    Artifact report = store.get(reportKey);
    Files.createDirectories(folder);
    for (String name : report.files().keySet()) {
      Path partial = Files.createTempFile(folder, "." + name, "");
      try {
        Files.copy(store.file(report, name), partial, StandardCopyOption.REPLACE_EXISTING);
        Files.move(
            partial,
            folder.resolve(name),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(partial);
      }
    }
  }
}
