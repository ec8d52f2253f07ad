package io.buttress.report;

import io.buttress.activity.PlanStudy;
import io.buttress.activity.Report;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.collapse.CollapseStore;
import io.buttress.collapse.Spectra;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.evaluation.Metrics;
import io.buttress.evaluation.Predictions;
import io.buttress.failure.Step;
import io.buttress.result.BestModels;
import io.buttress.result.ResultStore;
import io.buttress.result.TrialSummary;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.ResolvedTask;
import io.buttress.study.TaskCatalog;
import io.buttress.study.TaskSpec;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import io.buttress.training.CheckpointStore;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Gathers the stored results of a study's trials and stores its report. */
public final class ReportActivity implements Report {
  private static final int PAGE = 100;

  private final ArtifactStore store;
  private final DatasetStore datasets;
  private final PlanStudy plans;
  private final ResultStore results;
  private final BestModels best;
  private final CollapseStore collapses;
  private final Links links;

  /**
   * @param plans reads the plan that it stored
   */
  public ReportActivity(ArtifactStore store, DatasetStore datasets, PlanStudy plans, Links links) {
    this.store = store;
    this.datasets = datasets;
    this.plans = plans;
    this.links = links;
    this.results = new ResultStore(store);
    this.best = new BestModels(store.objects());
    this.collapses = new CollapseStore(store);
  }

  @Override
  public String report(PlanStudy.Plan plan, StudyRun study, PlanStudy.Plan selected) {
    return Step.run(() -> write(plan, study, selected));
  }

  private String write(PlanStudy.Plan plan, StudyRun study, PlanStudy.Plan selected)
      throws IOException {
    List<Trial> trials = new ArrayList<>(trials(plan));
    Set<String> reported = selected == null ? null : addRefits(trials, trials(selected));
    TrainingGrid grid = new TrainingGrid(trials);
    ActivityExecutionContext context = Activity.getExecutionContext();
    List<TrialResult> ended = new ArrayList<>();
    Map<String, Spectra> spectra = new LinkedHashMap<>();
    for (Trial trial : trials) {
      context.heartbeat(ended.size());
      TrialResult result =
          results.find(study, trial).orElseGet(() -> TrialSummary.cancelled(trial));
      Boolean isReported = reported == null ? null : reported.contains(trial.fingerprint());
      String modelUri = trial.competes() ? best.uri(study, trial).orElse(null) : result.modelUri();
      ended.add(
          TrialResultBuilder.from(result)
              .parameters(grid.parameters(trial))
              .selected(isReported)
              .modelUri(modelUri)
              .build());
      if (result.collapse() != null) {
        collapses.spectra(trial).ifPresent(found -> spectra.put(trial.fingerprint(), found));
      }
    }
    List<ReportedTask> tasks = tasks(trials, ended);
    Map<String, Trial> byFingerprint =
        trials.stream()
            .collect(Collectors.toMap(Trial::fingerprint, trial -> trial, (first, again) -> first));
    StudyReport report =
        StudyReport.of(
            plan.name(),
            plan.studyKey(),
            ended,
            tasks,
            result -> predictions(study, byFingerprint.get(result.fingerprint())));
    ReportView view =
        ReportView.of(
            report, tasks, spectra, new Links.OfStudy(links, context.getInfo().getWorkflowId()));
    Map<String, String> texts = new TreeMap<>();
    texts.put(Artifacts.REPORT_JSON, report.json());
    texts.put(Artifacts.REPORT_HTML, ReportText.html(view));
    texts.put(Artifacts.REPORT_MARKDOWN, ReportText.markdown(view));
    texts.put(
        Artifacts.REPORT_LATEX,
        ReportText.latex(
            LatexTables.of(plan.name(), report.tables().comparisons(), report.selects())));
    texts.put(Artifacts.REPORT_TRIALS, TrialsCsv.text(ended));
    String key = put(texts);
    CheckpointStore.sweep(store.objects(), withResult(ended));
    return key;
  }

  private Optional<Predictions> predictions(StudyRun study, Trial trial) {
    try {
      return results.predictions(study, trial);
    } catch (LostArtifactException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fingerprints of the trials that will not be trained again. */
  private static Set<String> withResult(List<TrialResult> ended) {
    return ended.stream()
        .filter(
            trial -> trial.status() == TrialStatus.DONE || trial.status() == TrialStatus.DIVERGED)
        .map(TrialResult::fingerprint)
        .collect(Collectors.toSet());
  }

  private List<Trial> trials(PlanStudy.Plan plan) {
    List<Trial> trials = new ArrayList<>();
    for (int from = 0; from < plan.trials(); from += PAGE) {
      trials.addAll(plans.planPage(plan.planKey(), from, PAGE));
    }
    return trials;
  }

  /** Adds those trials that are not there yet; returns the fingerprints of all of them. */
  private static Set<String> addRefits(List<Trial> trials, List<Trial> selected) {
    Set<String> known = trials.stream().map(Trial::fingerprint).collect(Collectors.toSet());
    selected.stream().filter(trial -> !known.contains(trial.fingerprint())).forEach(trials::add);
    return selected.stream().map(Trial::fingerprint).collect(Collectors.toSet());
  }

  /** Baselines come from the stored datasets, which trials with a result have used. */
  private List<ReportedTask> tasks(List<Trial> trials, List<TrialResult> results)
      throws IOException {
    Map<String, ReportedTask> tasks = new LinkedHashMap<>();
    for (int i = 0; i < trials.size(); i++) {
      TaskSpec task = trials.get(i).dataset().task().spec();
      ReportedTask known = tasks.get(task.id());
      boolean ran =
          results.get(i).status() == TrialStatus.DONE
              || results.get(i).status() == TrialStatus.DIVERGED;
      if (known == null || (ran && known.baseline() == null)) {
        tasks.put(
            task.id(),
            ran
                ? measured(trials.get(i))
                : new ReportedTask(
                    task.id(), task.kind(), task.metric(), null, null, unranked(task)));
      }
    }
    return List.copyOf(tasks.values());
  }

  private ReportedTask measured(Trial trial) throws IOException {
    TokenizedDataset dataset = datasets.load(trial.dataset());
    TaskSpec task = trial.dataset().task().spec();
    double baseline =
        Metrics.baseline(
            dataset.kind(),
            dataset.labels().size(),
            dataset.splits().get(ResolvedTask.VALIDATION).targets(),
            task.metric());
    return new ReportedTask(
        task.id(),
        task.kind(),
        task.metric(),
        baseline,
        dataset.splits().get(ResolvedTask.TRAIN).size(),
        unranked(task));
  }

  private static String unranked(TaskSpec task) {
    return TaskCatalog.builtIn().find(task.id()).map(TaskCatalog.Entry::unranked).orElse(null);
  }

  /** The key is decided by the content: a repeated study with more results has a new report. */
  private String put(Map<String, String> texts) throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      for (Map.Entry<String, String> text : texts.entrySet()) {
        Files.writeString(scratch.root().resolve(text.getKey()), text.getValue());
      }
      return store.put(Artifacts.report(texts), scratch.files()).key();
    }
  }
}
