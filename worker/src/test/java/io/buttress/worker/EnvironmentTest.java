package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnvironmentTest {

  @Test
  void readsSecretsFromFiles(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("key"), "s3cret\n");
    Environment environment =
        new Environment(Map.of("AWS_SECRET_ACCESS_KEY_FILE", secret.toString()));
    assertThat(environment.get("AWS_SECRET_ACCESS_KEY")).contains("s3cret");
    assertThat(environment.withSecrets("AWS_SECRET_ACCESS_KEY"))
        .containsEntry("AWS_SECRET_ACCESS_KEY", "s3cret");
  }

  @Test
  void aVariableWinsOverItsFile() throws Exception {
    Environment environment = new Environment(Map.of("A", "plain", "A_FILE", "/nowhere"));
    assertThat(environment.get("A")).contains("plain");
  }

  @Test
  void namesTheVariableWhoseFileCannotBeRead() {
    Environment environment = new Environment(Map.of("A_FILE", "/nowhere/a"));
    assertThatThrownBy(() -> environment.get("A"))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("A_FILE");
  }

  @Test
  void namesTheVariableThatIsMissing() {
    assertThatThrownBy(() -> new Environment(Map.of()).require("BUTTRESS_BUCKET", "a bucket"))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("BUTTRESS_BUCKET");
  }

  @Test
  void blankIsAbsent() throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_FILE_ROOTS", " ")).fileRoots()).isEmpty();
  }

  @Test
  void splitsFileRoots() throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_FILE_ROOTS", "/a:/b")).fileRoots())
        .contains(List.of(Path.of("/a"), Path.of("/b")));
  }
}
