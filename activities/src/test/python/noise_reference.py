"""Methods with noise on embeddings, predictions or weights.

Plain PyTorch, from docs/methods.md and the papers it names. Nothing in the *_reference.py files is
taken from the Java: where PyTorch, transformers or scikit-learn have what a method needs, it is used.
"""

import numpy as np
import recipe
import torch
import torch.nn.functional as F
from methods_reference import Stl


class Da(Stl):
    def __init__(self, run, sigma=0.25):
        super().__init__(run)
        table = run.net.bert.embeddings.word_embeddings.weight.detach()
        self.deviation = sigma * table.double().std(unbiased=True).item()

    def loss(self, rows):
        out = self.run.forward(rows, tokens=lambda e: e + self.deviation * self.run.noise.normal(e.shape))
        return self.run.task_loss(out, rows), None, None


def both_divergences(p, q):
    """KL(p || q) + KL(q || p), summed over classes, mean over the batch."""
    log_p, log_q = F.log_softmax(p, 1), F.log_softmax(q, 1)
    forth = F.kl_div(log_q, log_p, log_target=True, reduction="batchmean")
    return forth + F.kl_div(log_p, log_q, log_target=True, reduction="batchmean")


class R3f(Stl):
    def __init__(self, run, weight=1.0, eps=1e-5, noise="uniform"):
        super().__init__(run)
        self.weight, self.eps, self.kind = weight, eps, noise

    def draw(self, shape):
        if self.kind == "normal":
            return self.eps * self.run.noise.normal(shape)
        return self.eps * (2 * self.run.noise.uniform(shape) - 1)

    def loss(self, rows):
        clean = self.run.forward(rows)
        noised = self.run.forward(rows, tokens=lambda e: e.detach() + self.draw(e.shape))
        return self.run.task_loss(clean, rows), both_divergences(clean.logits, noised.logits), None


class R4f(R3f):
    """With torch's own spectral_norm on the head."""

    def __init__(self, run, **parameters):
        super().__init__(run, **parameters)
        head = torch.nn.utils.spectral_norm(run.net.classifier, n_power_iterations=1)
        random = recipe.JavaRandom(run.seed_of("spectral", 0))
        drawn = np.array([random.next_gaussian() for _ in range(head.out_features)], dtype=np.float32)
        head.weight_u.copy_(F.normalize(torch.tensor(drawn), dim=0))
        head.train()
        with torch.no_grad():
            head(torch.zeros(1, head.in_features))


class RDrop(Stl):
    disturbance = None

    def __init__(self, run, weight=1.0):
        super().__init__(run)
        self.weight = weight

    def loss(self, rows):
        first, second = (self.run.forward(rows, tokens=self.disturbance) for _ in range(2))
        task = (self.run.task_loss(first, rows) + self.run.task_loss(second, rows)) / 2
        if first.logits.shape[1] == 1:
            return task, F.mse_loss(first.logits, second.logits), None
        return task, both_divergences(first.logits, second.logits) / 2, None


class Mixout(Stl):
    def __init__(self, run, p=0.7):
        super().__init__(run)
        self.p = p

    def prepare(self):
        self.before = {}
        for name, module in self.run.net.named_modules():
            if isinstance(module, torch.nn.Linear):
                self.before[name] = module.weight.detach().clone()

    def loss(self, rows):
        mixed = {}
        for name, before in self.before.items():
            kept = (self.run.noise.uniform(before.shape[1:]) >= self.p).float()
            now = self.run.net.get_submodule(name).weight
            mixed[name + ".weight"] = before + kept / (1 - self.p) * (now - before)
        out = self.run.forward(rows, weights=mixed)
        return self.run.task_loss(out, rows), None, None
