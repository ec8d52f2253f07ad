package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrialTest {

  @Test
  void readsWhatVersionsWroteThatListedSnapshots() throws Exception {
    Method repina =
        new Method(
            "repina-i",
            new TreeMap<>(Map.of("lambda", 0.1, "layers", List.of(-2, -1), "pooling", "mean")));
    StudySpec spec = Studies.spec(1, 1, 0, 1, 1);
    StudySpec study = StudySpecBuilder.from(spec).methods(List.of(repina)).build();
    Trial trial = Planner.plan(Studies.resolve(study)).trials().get(0);
    ObjectNode json = Json.MAPPER.valueToTree(trial);
    assertThat(json.has("snapshots")).as("they follow from the rest").isFalse();

    json.putArray("snapshots").addPOJO(trial.snapshots().get(0));
    Trial read = Json.MAPPER.treeToValue(json, Trial.class);

    assertThat(read).isEqualTo(trial);
    assertThat(read.snapshots())
        .containsExactly(
            new SnapshotRequest(trial.dataset(), "validation", List.of(-1), "cls"),
            new SnapshotRequest(trial.dataset(), "train", List.of(-2, -1), "mean"));
  }
}
