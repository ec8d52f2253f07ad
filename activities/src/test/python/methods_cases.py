"""The settings of methods that methods_golden.py compares."""

import noise_reference
import probe_reference
import repina_reference
import weights_reference
from methods_reference import Stl

METHODS = {
    "stl": Stl,
    "repina-i": repina_reference.RepinaI,
    "repina-mlp": repina_reference.RepinaMlp,
    "repina-mean": repina_reference.RepinaMean,
    "repina-shuffled": repina_reference.RepinaShuffled,
    "da": noise_reference.Da,
    "wc": weights_reference.Wc,
    "reinit": weights_reference.Reinit,
    "r3f": noise_reference.R3f,
    "r4f": noise_reference.R4f,
    "r-drop": noise_reference.RDrop,
    "mixout": noise_reference.Mixout,
    "lp": probe_reference.Lp,
    "lp-ft": probe_reference.LpFt,
    "llrd": weights_reference.Llrd,
    "freeze": weights_reference.Freeze,
    "bitfit": weights_reference.BitFit,
    "lora": weights_reference.Lora,
}
RECADAM = {"anneal": "recadam", "gamma": 40, "annealSlope": 0.7, "annealMidpoint": 5}
# With the identity R starts at 0, up to rounding, and Adam makes full steps of phi out of rounding
# errors: two equal runs that pad batches differently are 7e-4 apart unless phi learns slowly.
IDENTITY = {"lambda": 0.1, "phiInit": "identity", "phiLearningRate": 5e-6}
# Method, task of golden.py, parameters, micro-batch size. What is left out has its default.
CASES = [
    ("stl", "two", {}, None),
    ("stl", "five", {}, 2),
    ("stl", "score", {}, None),
    ("repina-i", "two", {}, None),
    ("repina-i", "five", {"lambda": 0.05, "layers": [-1, 0, 1], "pooling": "mean"}, None),
    ("repina-i", "two", {"lambda": 0.1, "layers": [-2, 2]}, 2),
    ("repina-i", "score", {"lambda": 0.1}, None),
    ("repina-mlp", "two", {}, None),
    ("repina-mlp", "two", IDENTITY | {"width": 40}, None),
    ("repina-mlp", "two", IDENTITY | {"width": 32, "depth": 3}, None),
    ("repina-mlp", "two", {"lambda": 0.05, "depth": 1, "pooling": "mean"}, 2),
    ("repina-mlp", "score", {"depth": 3, "width": 12, "activation": "gelu", "phiLearningRate": 0.02}, None),
    ("repina-mlp", "two", {"layers": [-1, 1], "activation": "tanh", "phiInit": "fit", "phiSteps": 12}, None),
    ("da", "two", {}, None),
    ("da", "score", {"sigma": 0.5}, None),
    ("wc", "two", {}, None),
    ("wc", "five", {"lambda": 1, "decay": "none"}, 2),
    ("wc", "score", {"lambda": 0.01}, None),
    ("wc", "two", RECADAM, None),
    ("wc", "two", RECADAM | {"decay": "none"}, None),
    ("reinit", "two", {}, None),
    ("reinit", "five", {"n": 2}, None),
    ("r3f", "two", {}, None),
    ("r3f", "five", {"lambda": 0.5, "eps": 0.3}, None),
    ("r3f", "two", {"lambda": 0.5, "eps": 0.3, "noise": "normal"}, 2),
    ("r4f", "two", {"eps": 0.3}, None),
    ("r4f", "five", {"lambda": 5, "eps": 0.3, "noise": "normal"}, None),
    ("r-drop", "two", {}, None),
    ("r-drop", "five", {"lambda": 0.5}, None),
    ("r-drop", "score", {"lambda": 2}, None),
    ("mixout", "two", {}, None),
    ("mixout", "score", {"p": 0.3}, 2),
    ("lp", "two", {}, None),
    ("lp", "five", {}, None),
    ("lp", "score", {}, None),
    ("lp-ft", "two", {}, None),
    ("llrd", "two", {}, None),
    ("llrd", "five", {"decay": 0.5}, None),
    ("freeze", "two", {}, None),
    ("freeze", "two", {"n": 0}, None),
    ("freeze", "two", {"n": 2}, None),
    ("bitfit", "two", {}, None),
    ("lora", "two", {}, None),
    ("lora", "score", {"r": 2, "alpha": 6}, 2),
    ("repina-mean", "two", {"lambda": 0.5}, None),
    ("repina-mean", "two", {"lambda": 0.5, "layers": [-1, 1], "pooling": "mean"}, 2),
    ("repina-shuffled", "two", {}, None),
    ("repina-shuffled", "score", {"lambda": 0.1, "layers": [0, 2]}, None),
]  # fmt: skip
