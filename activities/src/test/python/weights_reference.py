"""Methods that change which weights learn, how fast and from where.

Plain PyTorch, from docs/methods.md and the papers it names. Nothing in the *_reference.py files is
taken from the Java: where PyTorch, transformers or scikit-learn have what a method needs, it is used.
"""

import math

import numpy as np
import recipe
import torch
from methods_reference import Stl, depth, linear_default


class Wc(Stl):
    def __init__(
        self, run, weight=0.1, decay="keep", anneal="none", gamma=5000, annealSlope=0.5,
        annealMidpoint=250,
    ):  # fmt: skip
        super().__init__(run)
        self.annealed = anneal == "recadam"
        self.weight = 0.0 if self.annealed else weight
        self.keeps, self.gamma = decay == "keep", gamma
        self.slope, self.midpoint = annealSlope, annealMidpoint
        self.before = {k: p.detach().clone() for k, p in run.named() if depth(k) is not None}

    def loss(self, rows):
        task, _, _ = super().loss(rows)
        if self.annealed:
            return task, None, None
        named = dict(self.run.named())
        return task, sum((named[k] - w).square().sum() for k, w in self.before.items()), None

    def annealing(self, step):
        return 1 / (1 + math.exp(-self.slope * (step + 1 - self.midpoint)))

    def rate(self, name, step):
        return self.annealing(step) if self.annealed and name in self.before else 1.0

    def decay(self, name, step):
        if name not in self.before:
            return super().decay(name, step)
        if not self.keeps:
            return 0.0
        # torch multiplies with the annealed rate; weight decay is to have all of it.
        return super().decay(name, step) / self.rate(name, step)

    @torch.no_grad()
    def stepped(self, step, rate):
        if self.annealed:
            named = dict(self.run.named())
            for name, before in self.before.items():
                pull = rate * (1 - self.annealing(step)) * self.gamma
                named[name].add_(pull * (before - named[name]))


class Reinit(Stl):
    def __init__(self, run, n=1):
        super().__init__(run)
        self.n = n

    @torch.no_grad()
    def prepare(self):
        bert, random = self.run.net.bert, recipe.JavaRandom(self.run.seed_of("reinit", 0))
        deviation = bert.config.initializer_range
        for layer in list(bert.encoder.layer)[-self.n :]:
            attention = layer.attention
            for linear in (
                attention.self.query, attention.self.key, attention.self.value,
                attention.output.dense, layer.intermediate.dense, layer.output.dense,
            ):  # fmt: skip
                self.fresh(linear, random, deviation)
            for norm in (attention.output.LayerNorm, layer.output.LayerNorm):
                norm.weight.fill_(1.0)
                norm.bias.zero_()
        self.fresh(bert.pooler.dense, random, deviation)

    @staticmethod
    def fresh(linear, random, deviation):
        values = [random.next_gaussian() * deviation for _ in range(linear.weight.numel())]
        linear.weight.copy_(torch.tensor(np.array(values, dtype=np.float32)).view_as(linear.weight))
        linear.bias.zero_()


class Llrd(Stl):
    def __init__(self, run, decay=0.9):
        super().__init__(run)
        self.factor = decay

    def rate(self, name, step):
        at = depth(name)
        return 1.0 if at is None else self.factor ** (self.run.net.config.num_hidden_layers - at + 1)


class Freeze(Stl):
    def __init__(self, run, n=None):
        super().__init__(run)
        self.n = run.net.config.num_hidden_layers // 2 if n is None else n

    def learns(self, name):
        return depth(name) is None or depth(name) > self.n


class BitFit(Stl):
    def learns(self, name):
        return name.endswith(".bias") or name.startswith("classifier.")


class Lora(Stl):
    def __init__(self, run, r=8, alpha=16):
        super().__init__(run)
        self.scale, self.corrections = alpha / r, {}
        random = recipe.JavaRandom(run.seed_of("lora", 0))
        hidden = run.net.config.hidden_size
        for layer in range(run.net.config.num_hidden_layers):
            for part in ("query", "value"):
                a = linear_default(random, (r, hidden), hidden).requires_grad_()
                name = f"encoder.layer.{layer}.attention.self.{part}"
                self.corrections[name] = (a, torch.zeros(hidden, r, requires_grad=True))

    def learns(self, name):
        return depth(name) is None

    def own(self):
        named = {}
        for name, (a, b) in self.corrections.items():
            named[f"lora.{name}.a"], named[f"lora.{name}.b"] = a, b
        return named

    def corrected(self):
        named = dict(self.run.named())
        return {
            f"bert.{k}.weight": named[k + ".weight"] + self.scale * b @ a
            for k, (a, b) in self.corrections.items()
        }

    def loss(self, rows):
        out = self.run.forward(rows, weights=self.corrected())
        return self.run.task_loss(out, rows), None, None

    @torch.no_grad()
    def finish(self):
        parameters = dict(self.run.net.named_parameters())
        for name, weight in self.corrected().items():
            parameters[name].copy_(weight)
