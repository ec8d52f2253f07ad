"""Standard fine-tuning, which every other method changes, and what they share.

Plain PyTorch, from docs/methods.md and the papers it names. Nothing in the *_reference.py files is
taken from the Java: where PyTorch, transformers or scikit-learn have what a method needs, it is used.
"""

import math

import numpy as np
import recipe
import torch


class Drawn:
    """Noise that both sides draw alike: one java.util.Random, in order, row by row."""

    def __init__(self, seed):
        self.random = recipe.JavaRandom(seed)

    def take(self, shape, draw):
        values = [draw() for _ in range(math.prod(shape))]
        return torch.tensor(np.array(values, dtype=np.float32).reshape(shape))

    def normal(self, shape):
        return self.take(shape, self.random.next_gaussian)

    def uniform(self, shape):
        return self.take(shape, self.random.next_float)


def linear_default(random, shape, inputs):
    """What torch.nn.Linear draws, row by row from a java.util.Random."""
    values = [(2 * random.next_double() - 1) / math.sqrt(inputs) for _ in range(math.prod(shape))]
    return torch.tensor(np.array(values, dtype=np.float32).reshape(shape))


def depth(name):
    """0 for embeddings, 1 .. L for layers, None for pooler and head."""
    if name.startswith("embeddings."):
        return 0
    return int(name.split(".")[2]) + 1 if name.startswith("encoder.layer.") else None


def decays(name):
    return not name.endswith(".bias") and "LayerNorm" not in name


class Stl:
    """Standard fine-tuning, which every other method changes."""

    weight = 0.0

    def __init__(self, run):
        self.run = run

    def prepare(self):
        """Before the first step."""

    def own(self):
        """Parameters beside the model's."""
        return {}

    def steps(self, planned):
        return planned

    def learns(self, name):
        return True

    def rate(self, name, step):
        return 1.0

    def decay(self, name, step):
        return self.run.training["weightDecay"] if decays(name) else 0.0

    def loss(self, rows):
        """Task loss, R or None, relative R or None."""
        out = self.run.forward(rows)
        return self.run.task_loss(out, rows), None, None

    def stepped(self, step, rate):
        """After each step."""

    def finish(self):
        """After the last step."""
