"""Writes golden/metrics.json: task metrics by scikit-learn and scipy.

Needs numpy, scikit-learn and scipy. Run from this folder: python metrics_golden.py
"""

import json
import math
import pathlib
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

OUT = pathlib.Path(__file__).parents[1] / "resources" / "golden" / "metrics.json"
warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)


def maybe(x):
    return float(x) if math.isfinite(x) else None


def classification(name, labels, targets, logits):
    logits = np.asarray(logits, dtype=np.float32)
    predictions = logits.argmax(axis=1)
    expected = {
        "accuracy": maybe(metrics.accuracy_score(targets, predictions)),
        "macro_f1": maybe(metrics.f1_score(targets, predictions, average="macro")),
        "micro_f1": maybe(metrics.f1_score(targets, predictions, average="micro")),
        "matthews": maybe(metrics.matthews_corrcoef(targets, predictions)),
    }
    if labels == 2:
        expected["f1"] = maybe(
            metrics.f1_score(targets, predictions, pos_label=1, zero_division=np.nan)
        )
    return case(name, "classification", labels, targets, logits, expected)


def regression(name, targets, scores):
    targets = np.asarray(targets, dtype=np.float32)
    scores = np.asarray(scores, dtype=np.float32)
    x, y = targets.astype(np.float64), scores.astype(np.float64)
    expected = {
        "pearson": maybe(stats.pearsonr(x, y).statistic),
        "spearman": maybe(stats.spearmanr(x, y).statistic),
    }
    return case(name, "regression", 0, targets, scores[:, None], expected)


def case(name, kind, labels, targets, logits, expected):
    return {
        "name": name,
        "kind": kind,
        "labels": labels,
        "targets": [float(t) for t in targets],
        "logits": [[float(v) for v in row] for row in logits],
        "expected": expected,
    }


def noisy(labels, n, strength, weights=None):
    targets = rng.choice(labels, size=n, p=weights)
    logits = rng.normal(size=(n, labels)).round(3)
    logits[np.arange(n), targets] += strength
    return targets, logits


cases = [
    classification("two labels", 2, *noisy(2, 60, 1.0)),
    classification("two labels, skewed", 2, *noisy(2, 60, 0.5, [0.85, 0.15])),
    classification("five labels", 5, *noisy(5, 80, 1.5)),
    classification("three labels, one never seen", 3, *noisy(3, 40, 1.0, [0.6, 0.4, 0.0])),
    classification("perfect", 3, [0, 1, 2, 1], np.eye(3)[[0, 1, 2, 1]]),
    classification("always wrong", 2, [0, 1, 0, 1], np.eye(2)[[1, 0, 1, 0]]),
    classification("constant prediction", 2, [0, 1, 1, 1, 0], np.tile([0.1, 0.7], (5, 1))),
    classification("positive never seen", 2, [0, 0, 0], np.tile([0.7, 0.1], (3, 1))),
    classification("ties go to the first label", 3, [0, 1, 2, 0], np.zeros((4, 3))),
]
x = rng.normal(size=50).round(3)
cases += [
    regression("scores", x, x + rng.normal(size=50).round(3)),
    regression("scores with ties", np.repeat([1, 2, 3, 4, 5], 8), rng.integers(0, 6, 40)),
    regression("monotone, not linear", np.arange(12), np.exp(np.arange(12) / 3)),
    regression("constant prediction", [1, 2, 3], [2, 2, 2]),
]

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(cases, indent=None) + "\n")
