"""Writes golden/collapse.json: collapse metrics by plain numpy, straight from their definitions.

Needs numpy. Run from this folder: python collapse_golden.py
"""

import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).parents[1] / "resources" / "golden" / "collapse.json"
TOP_K = [1, 3, 5, 10]
EPS = np.finfo(np.float64).eps
rng = np.random.default_rng(0)


def measure(z, pre, classes):
    n, h = z.shape
    s = np.linalg.svd(z, compute_uv=False)
    floor = max(n, h) * EPS * s[0]
    s = np.where(s <= floor, 0, s)
    eigenvalues = s**2 / n
    out = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        for prefix, values in (("", eigenvalues), ("_rel", eigenvalues / eigenvalues.mean())):
            for k in TOP_K:
                top = values[:k]
                ok = k <= min(n, h) and not np.isnan(top).any()
                out[f"gm{prefix}_{k}"] = np.exp(np.log(top).mean()) if ok else None
                out[f"hm{prefix}_{k}"] = 1 / (1 / top).mean() if ok else None
    out["mean_norm"] = np.linalg.norm(z, axis=1).mean()

    p = s[s > 0] / s.sum() if s.any() else None
    out["effective_rank"] = None if p is None else np.exp(-(p * np.log(p)).sum())
    out["stable_rank"] = (s**2).sum() / s[0] ** 2 if s.any() else None

    # A covariance below what rounding of Z itself leaves is none at all.
    m = np.linalg.svd(z - z.mean(axis=0), compute_uv=False)
    m = np.where(m <= floor, 0, m) ** 2 / n
    varies = m.any()
    out["participation_ratio"] = m.sum() ** 2 / (m**2).sum() if varies else None
    out["k90"] = int(np.argmax(np.cumsum(m) >= 0.9 * m.sum())) + 1 if varies else None
    out["isoscore"] = isoscore(np.pad(m, (0, h - len(m)))) if varies and h > 1 else None

    norms = np.linalg.norm(z, axis=1)
    if n > 1 and (norms > 0).all():
        cosines = (z @ z.T) / np.outer(norms, norms)
        out["mean_cosine"] = cosines[~np.eye(n, dtype=bool)].mean()
    else:
        out["mean_cosine"] = None
    out["cka_pretrained"] = cka(pre, z)
    out["nc1"] = None if classes is None else nc1(z, np.asarray(classes))
    return {key: None if v is None else float(v) for key, v in out.items()}


def isoscore(variances):
    """Rudman et al. 2022, algorithm 1, from the variances along the principal axes."""
    d = len(variances)
    normalised = np.sqrt(d) * variances / np.linalg.norm(variances)
    defect = np.linalg.norm(normalised - 1) / np.sqrt(2 * (d - np.sqrt(d)))
    used = (d - defect**2 * (d - np.sqrt(d))) ** 2 / d**2
    return (d * used - 1) / (d - 1)


def cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    if np.abs(x).max() < 1e-12 or np.abs(y).max() < 1e-12:
        return None
    return np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


def nc1(z, classes):
    present = np.unique(classes)
    c = len(present)
    if c < 2:
        return None
    groups = [z[classes == label] for label in present]
    within = np.mean([covariance(g) for g in groups], axis=0)
    means = np.array([g.mean(axis=0) for g in groups])
    # By SVD of the means: eigenvalues of their covariance would keep its rounding as a direction.
    _, roots, vectors = np.linalg.svd((means - means.mean(axis=0)) / np.sqrt(c))
    values, vectors = roots[: c - 1] ** 2, vectors.T[:, : len(roots[: c - 1])]
    n, h = z.shape
    keep = np.sqrt(values * n) > max(n, h) * EPS * np.linalg.norm(z, 2)
    if not keep.any():
        return None
    pinv = (vectors[:, keep] / values[keep]) @ vectors[:, keep].T
    return np.trace(within @ pinv) / c


def covariance(rows):
    centred = rows - rows.mean(axis=0)
    return centred.T @ centred / len(rows)


def matrix(n, h, decay=1.0, shift=0.0):
    z = rng.normal(size=(n, h)) * decay ** np.arange(h) + shift
    return z.astype(np.float32)


def case(name, pre, fine, classes=None):
    result = {"name": name, "topK": TOP_K, "classes": classes}
    result["pretrained"] = [[float(v) for v in row] for row in pre]
    result["finetuned"] = [[float(v) for v in row] for row in fine]
    pre, fine = pre.astype(np.float64), fine.astype(np.float64)
    result["expected"] = measure(fine, pre, classes)
    return result


def labels(n, c):
    return [int(i % c) for i in range(n)]


tall, wide = matrix(30, 8, shift=0.5), matrix(6, 12)
rank1 = np.outer(rng.integers(1, 5, 20), rng.integers(1, 5, 7)).astype(np.float32)
zero_row = matrix(10, 5)
zero_row[3] = 0
separated = matrix(24, 8) + np.eye(8, dtype=np.float32)[labels(24, 3)] * 6
constant = np.tile(matrix(1, 6), (12, 1))
collinear = np.round(matrix(30, 8) * 64) / 64  # so that float32 sums below are exact
for label in range(3):
    rows = np.array(labels(30, 3)) == label
    # Class means on one line: between-class covariance of rank 1 with C - 1 = 2 axes asked for.
    collinear[rows] = np.tile(collinear[:5], (2, 1))[:10] * np.array([[1], [-1]] * 5) + label

cases = [
    case("tall", matrix(30, 8), tall, labels(30, 2)),
    case("steep spectrum", tall, matrix(30, 8, decay=0.15), labels(30, 3)),
    case("fewer examples than dimensions", matrix(6, 12), wide, labels(6, 2)),
    case("rank one", matrix(20, 7), rank1, labels(20, 2)),
    case("all zero", matrix(10, 5), np.zeros((10, 5), dtype=np.float32), labels(10, 2)),
    case("a row of zeros", matrix(10, 5), zero_row, labels(10, 2)),
    case("all rows equal", matrix(12, 6), constant, labels(12, 2)),
    case("one class", matrix(12, 6), matrix(12, 6), [1] * 12),
    case("regression", matrix(12, 6), matrix(12, 6)),
    case("separated classes", matrix(24, 8), separated, labels(24, 3)),
    case("one example", matrix(1, 4), matrix(1, 4), [0]),
    case("one dimension", matrix(9, 1), matrix(9, 1), labels(9, 2)),
    case("collinear class means", matrix(30, 8), collinear, labels(30, 3)),
]

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(cases, indent=None) + "\n")
