"""Writes golden/bootstrap.json: paired bootstrap intervals by numpy, scikit-learn and scipy.

Resamples are spelled out example by example; the draws are part of the file, so that the same ones
can be used elsewhere. Needs numpy, scikit-learn and scipy. Run from this folder: python bootstrap_golden.py
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

OUT = pathlib.Path(__file__).parents[1] / "resources" / "golden" / "bootstrap.json"
warnings.filterwarnings("ignore")
rng = np.random.default_rng(6)

METRICS = {
    "accuracy": metrics.accuracy_score,
    "f1": lambda t, p: metrics.f1_score(t, p, pos_label=1, zero_division=np.nan),
    "macro_f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    "matthews": metrics.matthews_corrcoef,
    "pearson": lambda t, p: stats.pearsonr(t, p).statistic,
    "spearman": lambda t, p: stats.spearmanr(t, p).statistic,
}


def primary(keys, targets, predictions, baseline):
    value = np.mean([METRICS[key](targets, predictions) for key in keys])
    return value if np.isfinite(value) else baseline


def case(name, kind, keys, baseline, targets, method, stl, resamples=60):
    """method, stl: predictions by seed; None for a run that diverged."""
    n, seeds = len(targets), len(method)
    examples = rng.integers(0, n, (resamples, n))
    drawn = rng.integers(0, seeds, (resamples, seeds))

    def value(run, rows):
        return baseline if run is None else primary(keys, targets[rows].astype(float), run[rows].astype(float), baseline)

    differences = [
        np.mean([value(method[s], rows) - value(stl[s], rows) for s in picks])
        for rows, picks in zip(examples, drawn)
    ]
    low, high = np.percentile(differences, [2.5, 97.5])
    return {
        "name": name,
        "kind": kind,
        "metric": keys,
        "baseline": baseline,
        "targets": targets.tolist(),
        "method": [None if run is None else run.tolist() for run in method],
        "stl": [None if run is None else run.tolist() for run in stl],
        "examples": examples.tolist(),
        "seeds": drawn.tolist(),
        "low": low,
        "high": high,
    }


def labelled(n, labels, quality, seeds):
    targets = rng.integers(0, labels, n)
    runs = [
        np.where(rng.random(n) < quality, targets, rng.integers(0, labels, n)) for _ in range(seeds)
    ]
    return targets, runs


def classified(name, keys, labels, baseline, n=40, seeds=5, diverged=()):
    targets, better = labelled(n, labels, 0.8, seeds)
    worse = [np.where(rng.random(n) < 0.8, run, rng.integers(0, labels, n)) for run in better]
    worse = [None if s in diverged else run for s, run in enumerate(worse)]
    return case(name, "classification", keys, baseline, targets, better, worse)


def scored(name, ties):
    targets = np.float32(rng.integers(0, 6, 30)) if ties else np.float32(rng.normal(size=30))

    def run(noise):
        scores = targets + noise * rng.normal(size=30)
        return np.float32(np.round(scores) if ties else scores)

    return case(
        name,
        "regression",
        ["pearson", "spearman"],
        0.0,
        targets,
        [run(0.5) for _ in range(4)],
        [run(1.0) for _ in range(4)],
    )


cases = [
    classified("accuracy", ["accuracy"], 3, 0.4),
    classified("matthews", ["matthews"], 2, 0.0),
    classified("matthews, many labels", ["matthews"], 5, 0.0),
    classified("accuracy and f1", ["accuracy", "f1"], 2, 0.7, seeds=3),
    classified("macro f1, a label may be missing", ["macro_f1"], 4, 0.2, n=12),
    classified("two runs diverged", ["accuracy"], 2, 0.5, diverged=(0, 3)),
    scored("scores", False),
    scored("scores with ties", True),
]
constant = np.float32(np.ones(6))
few = np.float32([0, 0, 0, 0, 0, 1])
cases.append(
    case("undefined counts as the baseline", "regression", ["pearson"], 0.0, few, [few], [constant])
)

OUT.write_text(json.dumps(cases, indent=None) + "\n")
