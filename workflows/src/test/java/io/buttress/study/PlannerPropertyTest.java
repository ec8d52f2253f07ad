package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PlannerPropertyTest {

  @Provide
  Arbitrary<StudySpec> studies() {
    Arbitrary<Integer> size = Arbitraries.integers().between(1, 3);
    return Combinators.combine(size, size, size, size, size).as(Studies::spec);
  }

  private static StudyPlan plan(StudySpec spec) {
    return Planner.plan(Studies.resolve(spec));
  }

  private static Set<String> fingerprints(StudySpec spec) {
    return plan(spec).trials().stream().map(Trial::fingerprint).collect(Collectors.toSet());
  }

  @Property(tries = 100)
  void aPlanIsTheProductOfTheLists(@ForAll("studies") StudySpec spec) {
    StudyPlan plan = plan(spec);
    assertThat(plan.trials()).hasSize((int) Planner.trials(spec));
    assertThat(fingerprints(spec)).hasSameSizeAs(plan.trials());
    assertThat(plan.trials()).allSatisfy(t -> assertThat(t.fingerprint()).matches("[0-9a-f]{64}"));
  }

  @Property(tries = 50)
  void snapshotsAreThoseOfThePlan(@ForAll("studies") StudySpec spec) {
    List<Method> methods = new ArrayList<>(spec.methods());
    methods.add(new Method("stl", new TreeMap<>()));
    for (List<Integer> layers : List.of(List.of(-1), List.of(-2, -1))) {
      for (double lambda : new double[] {0.1, 1}) {
        Map<String, Object> parameters =
            Map.of("lambda", lambda, "layers", layers, "pooling", "cls");
        methods.add(new Method("repina-i", new TreeMap<>(parameters)));
      }
    }
    StudySpec searching = StudySpecBuilder.from(spec).methods(methods).build();
    assertThat(
            plan(searching).trials().stream()
                .flatMap(trial -> trial.snapshots().stream())
                .distinct()
                .count())
        .isEqualTo(Planner.snapshots(searching));
  }

  @Property(tries = 50)
  void whatDoesNotApplyIsLeftOutAndNothingElse(@ForAll("studies") StudySpec spec) {
    List<Method> methods = new ArrayList<>(spec.methods());
    methods.add(new Method("r3f", new TreeMap<>()));
    List<TaskSpec> tasks = new ArrayList<>(spec.tasks());
    tasks.add(Studies.regressionTask("score"));
    StudySpec mixed = StudySpecBuilder.from(spec).tasks(tasks).methods(methods).build();
    List<Trial> trials = plan(mixed).trials();
    assertThat(trials).hasSize((int) Planner.trials(mixed));
    int settings =
        spec.models().size() * spec.seeds().size() * spec.training().size() * spec.regimes().size();
    assertThat(trials.stream().filter(trial -> trial.method().id().equals("r3f")))
        .hasSize(settings * spec.tasks().size())
        .noneMatch(trial -> trial.dataset().task().spec().id().equals("score"));
    assertThat(trials.stream().filter(trial -> trial.dataset().task().spec().id().equals("score")))
        .hasSize(settings * spec.methods().size());
  }

  @Property(tries = 50)
  void planningIsDeterministicAcrossSerialisation(@ForAll("studies") StudySpec spec)
      throws Exception {
    ResolvedStudy study = Studies.resolve(spec);
    ObjectNode tree = Json.MAPPER.valueToTree(study);
    ResolvedStudy again = Json.MAPPER.treeToValue(reversed(tree), ResolvedStudy.class);
    assertThat(Planner.plan(again)).isEqualTo(Planner.plan(study));
  }

  @Property(tries = 50)
  void trialsThatShareADatasetStandTogether(@ForAll("studies") StudySpec spec) {
    List<DatasetRequest> seen = new ArrayList<>();
    StudyPlan plan = plan(spec);
    for (Trial trial : plan.trials()) {
      if (seen.isEmpty() || !seen.get(seen.size() - 1).equals(trial.dataset())) {
        seen.add(trial.dataset());
      }
    }
    // Training settings that alternate between two lengths are the one thing that may part them.
    if (spec.training().size() <= 2) {
      assertThat(seen).doesNotHaveDuplicates();
    }
    assertThat(plan.datasets()).containsExactlyElementsOf(new LinkedHashSet<>(seen));
  }

  @Property(tries = 50)
  void probesDecideNoFingerprintAndLeaveTheTrialsOwnTaskOut(@ForAll("studies") StudySpec spec)
      throws Exception {
    List<TaskSpec> probes = List.of(spec.tasks().get(0), Studies.regressionTask("score"));
    StudySpec probing = StudySpecBuilder.from(spec).probes(probes).build();
    StudyPlan plan = plan(probing);

    assertThat(fingerprints(probing)).isEqualTo(fingerprints(spec));
    assertThat(plan.studyKey()).isNotEqualTo(plan(spec).studyKey());
    assertThat(plan.datasets()).hasSize((int) Planner.datasets(probing));
    for (Trial trial : plan.trials()) {
      String own = trial.dataset().task().spec().id();
      assertThat(trial.probeRequests())
          .extracting(ProbeRequest::key)
          .isEqualTo(
              own.equals("task0")
                  ? List.of("probes.score")
                  : List.of("probes.task0", "probes.score"));
      assertThat(plan.datasets())
          .containsAll(trial.probeRequests().stream().map(ProbeRequest::dataset).toList());
      assertThat(Json.MAPPER.readValue(Json.canonical(trial), Trial.class)).isEqualTo(trial);
      assertThat(Planner.refit(trial).probes()).isEqualTo(trial.probes());
    }
  }

  @Property(tries = 10)
  void withoutProbesNothingIsWrittenOfThem(@ForAll("studies") StudySpec spec) throws Exception {
    assertThat(Json.canonical(spec)).doesNotContain("probe");
    for (Trial trial : plan(spec).trials()) {
      String written = Json.canonical(trial);
      assertThat(written).doesNotContain("probe");
      assertThat(Json.MAPPER.readValue(written, Trial.class)).isEqualTo(trial);
    }
  }

  @Property(tries = 50)
  void namesAndExecutionDecideNothing(@ForAll("studies") StudySpec spec) {
    StudySpec other =
        StudySpecBuilder.from(spec)
            .name("another")
            .execution(new ExecutionSpec(1, 5, "none"))
            .build();
    assertThat(fingerprints(other)).isEqualTo(fingerprints(spec));
    assertThat(plan(other).studyKey()).isEqualTo(plan(spec).studyKey());
    assertThat(plan(other).trials()).noneMatch(Trial::keepModel);
  }

  @Property(tries = 50)
  void orderOfSeedsAndMethodsDecidesNoTrial(
      @ForAll("studies") StudySpec spec, @ForAll long shuffle) {
    List<Long> seeds = new ArrayList<>(spec.seeds());
    List<Method> methods = new ArrayList<>(spec.methods());
    Collections.shuffle(seeds, new Random(shuffle));
    Collections.shuffle(methods, new Random(shuffle));
    StudySpec other = StudySpecBuilder.from(spec).methods(methods).seeds(seeds).build();
    assertThat(fingerprints(other)).isEqualTo(fingerprints(spec));
  }

  @Example
  void everyDecidingFieldChangesTheFingerprint() throws Exception {
    JsonNode study = Json.MAPPER.valueToTree(Studies.resolve(Studies.spec(1, 1, 2, 1, 1)));
    Map<String, Object> changes = new TreeMap<>();
    changes.put("/models/0/digest", "0");
    changes.put("/tasks/0/splits/train/blob/sha256", "0");
    changes.put("/tasks/0/splits/validation/blob/sha256", "0");
    changes.put("/tasks/0/splits/train/format", "csv");
    changes.put("/tasks/0/spec/kind", "regression");
    changes.put("/tasks/0/spec/labels", List.of("b", "a"));
    changes.put("/tasks/0/spec/columns", List.of("text", "label"));
    changes.put("/tasks/0/spec/text", List.of("other"));
    changes.put("/tasks/0/spec/label", "other");
    changes.put("/tasks/0/spec/limit", 10);
    changes.put("/spec/methods/1/parameters/lambda", 0.7);
    changes.put("/spec/methods/1/parameters/layers", List.of(-2));
    changes.put("/spec/methods/1/parameters/pooling", "mean");
    changes.put("/spec/seeds", List.of(77));
    changes.put("/spec/regimes", List.of(Map.of("id", "another")));
    Map<String, Object> training =
        Map.ofEntries(
            Map.entry("epochs", 4.0),
            Map.entry("batchSize", 33),
            Map.entry("learningRate", 0.5),
            Map.entry("warmup", 0.5),
            Map.entry("maxLength", 64),
            Map.entry("precision", "bf16"),
            Map.entry("weightDecay", 0.5),
            Map.entry("clipNorm", 0.5),
            Map.entry("schedule", "cosine"),
            Map.entry("dropout", 0.5),
            Map.entry("steps", 5),
            Map.entry("minSteps", 5),
            Map.entry("microBatchSize", 5),
            Map.entry("patience", 5),
            Map.entry("evaluateEvery", 5));
    changes.put("/spec/selection", Map.of("fraction", 0.1, "refit", true));
    training.forEach((field, value) -> changes.put("/spec/training/0/" + field, value));
    assertThat(training).hasSameSizeAs(Training.class.getRecordComponents());

    Trial before = lastTrial(study);
    Set<String> fingerprints = new HashSet<>(Set.of(before.fingerprint()));
    for (Map.Entry<String, Object> change : changes.entrySet()) {
      Trial after = lastTrial(changed(study, change.getKey(), change.getValue()));
      assertThat(fingerprints.add(after.fingerprint())).as(change.getKey()).isTrue();
    }
    Map<String, Object> free =
        Map.of(
            "/models/0/uri", "file:/elsewhere",
            "/models/0/key", "0",
            "/tasks/0/spec/id", "renamed",
            "/tasks/0/spec/train", "file:/elsewhere.tsv",
            "/tasks/0/spec/metric", List.of("f1"),
            "/tasks/0/splits/train/uri", "file:/elsewhere.tsv",
            "/spec/collapse/topK", List.of(3),
            "/spec/collapse/layer", 2,
            "/spec/name", "another");
    for (Map.Entry<String, Object> change : free.entrySet()) {
      Trial after = lastTrial(changed(study, change.getKey(), change.getValue()));
      assertThat(after.fingerprint()).as(change.getKey()).isEqualTo(before.fingerprint());
    }
  }

  @Example
  void workOfStudiesThatKnewNoSelectionIsFoundAgain() {
    Trial trial = plan(Studies.spec(1, 1, 1, 1, 1)).trials().get(0);
    String train = "[\"tsv\",\"" + Json.sha256("file:/data/task0/train.tsv") + "\"]";
    String validation = "[\"tsv\",\"" + Json.sha256("file:/data/task0/dev.tsv") + "\"]";
    String deciding =
        ("{'data':{'columns':null,'kind':'classification','label':'label','labels':['a','b'],"
                + "'limit':null,'splits':{'train':TRAIN,'validation':VALIDATION},"
                + "'text':['text']},'method':{'id':'stl','parameters':{}},"
                + "'model':'MODEL','regime':{'id':'full'},'seed':0,"
                + "'training':{'batchSize':32,'clipNorm':1.0,'dropout':null,'epochs':3.0,"
                + "'learningRate':1.0E-5,'maxLength':128,'minSteps':0,'precision':'fp32',"
                + "'schedule':'linear','steps':null,'warmup':0.06,'weightDecay':0.01},"
                + "'version':1}")
            .replace('\'', '"')
            .replace("TRAIN", train)
            .replace("VALIDATION", validation)
            .replace("MODEL", Json.sha256("file:/models/0"));
    assertThat(trial.fingerprint())
        .isEqualTo(Json.sha256(deciding.getBytes(StandardCharsets.UTF_8)));
  }

  @Property(tries = 50)
  void aRefitIsTheTrialOfTheStudyWithoutSelection(@ForAll("studies") StudySpec spec) {
    StudyPlan searching = plan(selecting(keeping(spec, "all"), true));
    StudyPlan plain = plan(keeping(spec, "all"));
    assertThat(searching.trials()).allMatch(trial -> trial.selection() == 0.1);
    assertThat(searching.trials().stream().map(Planner::refit)).isEqualTo(plain.trials());
    assertThat(searching.trials())
        .extracting(Trial::fingerprint)
        .doesNotContainAnyElementsOf(fingerprints(spec));
    assertThat(searching.studyKey())
        .isNotEqualTo(plain.studyKey())
        .isNotEqualTo(plan(selecting(spec, false)).studyKey());
    assertThat(fingerprints(selecting(spec, false))).isEqualTo(fingerprints(selecting(spec, true)));
  }

  @Property(tries = 50)
  void whichModelsAreKeptDecidesNoFingerprint(@ForAll("studies") StudySpec spec) {
    assertThat(plan(keeping(spec, "all")).trials())
        .allMatch(Trial::keepsModel)
        .noneMatch(Trial::competes);
    assertThat(plan(keeping(spec, "best")).trials())
        .allMatch(Trial::competes)
        .noneMatch(Trial::keepsModel);
    assertThat(plan(keeping(spec, "none")).trials())
        .noneMatch(trial -> trial.keepsModel() || trial.competes());
    assertThat(fingerprints(keeping(spec, "best")))
        .isEqualTo(fingerprints(keeping(spec, "all")))
        .isEqualTo(fingerprints(keeping(spec, "none")));
  }

  @Property(tries = 50)
  void ofASearchWithRefitsOnlyTheseKeepModels(@ForAll("studies") StudySpec spec) {
    for (String keep : List.of("all", "best")) {
      List<Trial> search = plan(selecting(keeping(spec, keep), true)).trials();
      assertThat(search).noneMatch(trial -> trial.keepsModel() || trial.competes());
      assertThat(search.stream().map(Planner::refit))
          .allMatch(refit -> keep.equals("all") ? refit.keepsModel() : refit.competes());
      assertThat(plan(selecting(keeping(spec, keep), false)).trials())
          .as("without refits these trials are reported")
          .allMatch(trial -> keep.equals("all") ? trial.keepsModel() : trial.competes());
    }
  }

  @Example
  void aboveAHundredTrialsOnlyTheBestKeepTheirModels() {
    assertThat(plan(Studies.spec(1, 1, 1, 100, 1)).trials()).allMatch(Trial::keepsModel);
    assertThat(plan(Studies.spec(1, 1, 1, 101, 1)).trials()).allMatch(Trial::competes);
    List<Trial> search = plan(selecting(Studies.spec(1, 1, 1, 51, 1), true)).trials();
    assertThat(search.stream().map(Planner::refit))
        .as("51 trials and as many refits")
        .allMatch(Trial::competes);
  }

  private static StudySpec keeping(StudySpec spec, String models) {
    return StudySpecBuilder.from(spec).execution(new ExecutionSpec(4, 60, models)).build();
  }

  @Property(tries = 50)
  void refitsAreOneSettingOfEachMethod(@ForAll("studies") StudySpec spec) {
    long expected =
        plan(spec).trials().stream()
            .map(t -> List.of(t.dataset().model(), t.dataset().task(), t.method().id(), t.seed()))
            .distinct()
            .count();
    assertThat(Planner.refits(selecting(spec, true))).isEqualTo(expected);
    assertThat(Planner.refits(selecting(spec, false))).isZero();
    assertThat(Planner.refits(spec)).isZero();
  }

  private static StudySpec selecting(StudySpec spec, boolean refit) {
    return StudySpecBuilder.from(spec).selection(new SelectionSpec(0.1, refit)).build();
  }

  @Example
  void onlyMethodsThatCompareWithItNeedTheTrainingSnapshot() {
    List<Trial> trials = plan(Studies.spec(1, 1, 2, 1, 1)).trials();
    DatasetRequest dataset = trials.get(0).dataset();
    SnapshotRequest validation = new SnapshotRequest(dataset, "validation", List.of(-1), "cls");
    assertThat(trials.get(0).snapshots()).containsExactly(validation);
    assertThat(trials.get(1).snapshots())
        .containsExactly(validation, new SnapshotRequest(dataset, "train", List.of(-1), "cls"));
  }

  @Example
  void equalContentUnderTwoNamesIsRefused() throws Exception {
    JsonNode study = Json.MAPPER.valueToTree(Studies.resolve(Studies.spec(2, 2, 1, 1, 1)));
    JsonNode sameModels =
        changed(study, "/models/1/digest", study.at("/models/0/digest").textValue());
    JsonNode sameTasks = changed(sameModels, "/tasks/1/splits", study.at("/tasks/0/splits"));
    assertThatThrownBy(() -> Planner.plan(Json.MAPPER.treeToValue(sameTasks, ResolvedStudy.class)))
        .isInstanceOf(InvalidStudyException.class)
        .hasMessage(
            "models[1]: has the same content as models[0]\n"
                + "tasks[1]: has the same content as tasks[0]");
  }

  private static Trial lastTrial(JsonNode study) throws Exception {
    List<Trial> trials = Planner.plan(Json.MAPPER.treeToValue(study, ResolvedStudy.class)).trials();
    return trials.get(trials.size() - 1);
  }

  private static JsonNode changed(JsonNode study, String pointer, Object value) {
    JsonNode copy = study.deepCopy();
    int slash = pointer.lastIndexOf('/');
    ObjectNode parent = (ObjectNode) copy.at(pointer.substring(0, slash));
    assertThat(parent.has(pointer.substring(slash + 1))).as(pointer).isTrue();
    parent.set(pointer.substring(slash + 1), Json.MAPPER.valueToTree(value));
    return copy;
  }

  private static JsonNode reversed(JsonNode node) {
    if (node instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      Collections.reverse(names);
      ObjectNode copy = Json.MAPPER.createObjectNode();
      names.forEach(name -> copy.set(name, reversed(object.get(name))));
      return copy;
    }
    if (node.isArray()) {
      var copy = Json.MAPPER.createArrayNode();
      node.forEach(item -> copy.add(reversed(item)));
      return copy;
    }
    return node;
  }
}
