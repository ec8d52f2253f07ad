#!/usr/bin/env python3
"""Is our training what Hugging Face transformers and torch's AdamW get?

Usage: parity.py losses STORE FINGERPRINT     a finished trial with dropout 0: repeats up to 50 steps
                                              in the documented order of examples and compares every
                                              loss to 1e-4 (relative above 1)
       parity.py dropout STORE FINGERPRINT... finished trials that differ in their seed: repeats them
                                              with PyTorch's own dropout and compares the means of
                                              the primary validation metric, allowed max(0.02, two
                                              standard errors)

STORE: a directory store or s3://BUCKET. FINGERPRINT: as in report.json, or its beginning. Exits 1
when the numbers differ. Needs torch, transformers, safetensors, scikit-learn, scipy; THREADS sets
the number of threads (2).
"""

import math
import os
import statistics
import sys

import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from transformers import AutoConfig, AutoModelForSequenceClassification

import recipe
from store import Store

STEPS = 50


class Enough(Exception):
    pass


class Run:
    """A finished trial, and what is needed to do it again."""

    def __init__(self, store, fingerprint):
        self.fit, self.evaluation = store.trial(fingerprint)
        description = self.fit.json("fit.json")
        self.trial = description["trial"]
        self.training = self.trial["training"]
        self.seed = self.trial["seed"]
        self.task = self.trial["dataset"]["task"]["spec"]
        self.dataset = store.artifact(description["datasetKey"])
        self.outputs = (
            1 if self.task["kind"] == "regression" else len(self.dataset.json("dataset.json")["labels"])
        )
        self.examples, self.targets = self.dataset.split("train")
        if self.training.get("patience"):
            raise SystemExit("a trial that stops early has no counterpart here")
        if self.trial.get("selection"):
            rows, _ = recipe.selection_split(
                self.targets, self.trial["selection"], self.seed, self.task["kind"] == "regression"
            )
            self.examples = [self.examples[row] for row in rows]
            self.targets = self.targets[rows]
        self.source = store.artifact(self.trial["dataset"]["model"]["key"]).folder()

    def model(self):
        dropout = self.training["dropout"]
        config = AutoConfig.from_pretrained(self.source)
        extra = {} if dropout is None else recipe.dropout(config.model_type, dropout)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            self.source, num_labels=self.outputs, output_loading_info=True,
            ignore_mismatched_sizes=True, **extra,
        )  # fmt: skip
        drawn = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
        pooler, head = recipe.HEADS[config.model_type]
        if f"{head}.weight" in drawn:
            recipe.init_head(model, self.seed)
        if f"{pooler}.weight" in drawn:
            recipe.init_pooler(model, self.seed)
        return model

    def train(self, record=None):
        model = self.model()
        method = self.trial["method"]
        snapshot = parameters = None
        if method["id"] == "repina-i":
            parameters = method["parameters"]
            snapshot = self.snapshot(model, parameters)
        elif method["id"] != "stl":
            raise SystemExit(f"method {method['id']} has no counterpart here")
        recipe.train(
            model, self.examples, self.targets, self.training, self.seed,
            method=parameters, snapshot=snapshot, record=record,
        )  # fmt: skip
        return model

    def snapshot(self, model, parameters):
        model.eval()
        rows = [[] for _ in parameters["layers"]]
        with torch.no_grad():
            for at in range(0, len(self.examples), 64):
                batch = range(at, min(at + 64, len(self.examples)))
                inputs = recipe.inputs_of(model, self.examples, batch)
                states = recipe.represent(model, inputs, parameters["layers"], parameters["pooling"])[1]
                for kept, state in zip(rows, states):
                    kept.append(state)
        return [torch.cat(kept) for kept in rows]


def losses(store, fingerprint):
    run = Run(store, fingerprint)
    if run.training["dropout"] != 0:
        raise SystemExit("this needs a trial with training.dropout 0")
    ours = {
        int(row["step"]): float(row["value"])
        for row in run.fit.rows("history.csv")
        if row["metric"] == "loss" and int(row["step"]) < STEPS
    }
    theirs = {}

    def record(step, loss):
        theirs[step] = loss
        if step + 1 == STEPS:
            raise Enough

    try:
        run.train(record)
    except Enough:
        pass
    compared = sorted(set(ours) & set(theirs))
    if not compared:
        raise SystemExit("the trial's history has no loss of its first 50 steps")
    worst = max(abs(ours[s] - theirs[s]) / max(1, abs(theirs[s])) for s in compared)
    good = worst <= 1e-4
    print(
        f"{'ok  ' if good else 'FAIL'} losses of {len(compared)} steps (up to {compared[-1]}):"
        f" greatest difference {worst:.2e} (allowed 1e-4)"
    )
    return 0 if good else 1


def primary(metrics, targets, logits):
    """Mean of the task's primary metrics, as Buttress names them."""
    regression = logits.shape[1] == 1
    predicted = logits[:, 0].numpy() if regression else logits.argmax(1).numpy()
    expected = targets.numpy() if regression else targets.long().numpy()
    compute = {
        "accuracy": lambda: accuracy_score(expected, predicted),
        "f1": lambda: f1_score(expected, predicted, zero_division=0),
        "macro_f1": lambda: f1_score(expected, predicted, average="macro", zero_division=0),
        "micro_f1": lambda: f1_score(expected, predicted, average="micro", zero_division=0),
        "matthews": lambda: matthews_corrcoef(expected, predicted),
        "pearson": lambda: pearsonr(expected, predicted)[0],
        "spearman": lambda: spearmanr(expected, predicted)[0],
    }
    return statistics.fmean(compute[m]() for m in metrics)


def dropout(store, *fingerprints):
    ours, theirs = [], []
    for fingerprint in fingerprints:
        run = Run(store, fingerprint)
        metrics = run.task["metric"]
        found = run.evaluation.json("metrics.json")["metrics"]["validation"]
        ours.append(statistics.fmean(found[m] for m in metrics))
        examples, targets = run.dataset.split("validation")
        theirs.append(primary(metrics, targets, recipe.evaluate(run.train(), examples)))
        print(
            f"     {run.task['id']}, {run.trial['method']['id']}, seed {run.seed}:"
            f" {'+'.join(metrics)} ours {ours[-1]:.4f}, transformers {theirs[-1]:.4f}",
            flush=True,
        )
    difference = abs(statistics.fmean(ours) - statistics.fmean(theirs))
    error = 0.0
    if len(ours) > 1:
        error = math.sqrt((statistics.variance(ours) + statistics.variance(theirs)) / len(ours))
    allowed = max(0.02, 2 * error)
    good = difference <= allowed
    print(
        f"{'ok  ' if good else 'FAIL'} means over {len(ours)} seeds: ours {statistics.fmean(ours):.4f},"
        f" transformers {statistics.fmean(theirs):.4f}, difference {difference:.4f}"
        f" (allowed {allowed:.4f}, standard error {error:.4f})"
    )
    return 0 if good else 1


if __name__ == "__main__":
    modes = {"losses": losses, "dropout": dropout}
    if len(sys.argv) < 4 or sys.argv[1] not in modes:
        raise SystemExit(__doc__)
    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    sys.exit(modes[sys.argv[1]](Store(sys.argv[2]), *sys.argv[3:]))
