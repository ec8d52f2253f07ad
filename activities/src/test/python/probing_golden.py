#!/usr/bin/env python3
"""Writes golden/probing.json: linear probes by scikit-learn, on invented representations.

Usage: probing_golden.py   (from the repository's root; needs torch, scikit-learn)
"""

import json
import pathlib
import sys

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, "infra/checks")
import probe_reference as probe  # noqa: E402

OUT = pathlib.Path("activities/src/test/resources/io/buttress/golden/probing.json")
SEED, WIDTH, TRAIN, VALIDATION = 7, 6, 80, 60
rng = np.random.default_rng(0)
# Dimensions of very different scale and offset, as encoders have.
SCALE, OFFSET = np.array([1, 20, 0.01, 3, 1, 0.5]), np.array([0, -100, 2, 5, 0.3, -1])


def representations(n):
    z = rng.normal(size=(n, WIDTH))
    return z, (z * SCALE + OFFSET).astype(np.float32)


def case(outputs):
    z, x = representations(TRAIN)
    zv, xv = representations(VALIDATION)
    truth = rng.normal(size=(WIDTH, outputs))
    noise = [rng.normal(size=(n, outputs)) for n in (TRAIN, VALIDATION)]
    y, yv = (a @ truth + 1.5 * e for a, e in zip((z, zv), noise))
    y, yv = (s[:, 0].astype(np.float32) if outputs == 1 else s.argmax(1) for s in (y, yv))
    scaler = StandardScaler().fit(x.astype(np.float64))
    features = scaler.transform(x.astype(np.float64))
    l2 = probe.chosen(features, y, outputs, SEED)
    weight, bias = probe.minimum(features, y, outputs, l2)
    scores = scaler.transform(xv.astype(np.float64)) @ weight.T + bias
    if outputs == 1:
        metrics = {"pearson": pearsonr(scores[:, 0], yv)[0], "spearman": spearmanr(scores[:, 0], yv)[0]}
    else:
        labels = scores.argmax(1)
        metrics = {
            "accuracy": accuracy_score(yv, labels),
            "macro_f1": f1_score(yv, labels, average="macro"),
            "matthews": matthews_corrcoef(yv, labels),
        }
    return {
        "outputs": outputs,
        "l2": l2,
        "train": x.astype(float).tolist(),
        "targets": y.tolist(),
        "validation": xv.astype(float).tolist(),
        "validationTargets": yv.tolist(),
        "scores": scores.tolist(),
        "metrics": {name: float(value) for name, value in metrics.items()},
    }


OUT.write_text(json.dumps({"seed": SEED, "cases": [case(outputs) for outputs in (1, 2, 4)]}) + "\n")
