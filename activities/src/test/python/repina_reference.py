"""REPINA and its controls.

Plain PyTorch, from docs/methods.md and the papers it names. Nothing in the *_reference.py files is
taken from the Java: where PyTorch, transformers or scikit-learn have what a method needs, it is used.
"""

import recipe
import torch
from methods_reference import Stl, linear_default


class RepinaI(Stl):
    def __init__(self, run, weight=0.01, layers=(-1,), pooling="cls"):
        super().__init__(run)
        self.weight, self.layers, self.pooling = weight, sorted(layers), pooling
        self.snapshot = run.represent(range(len(run.examples)), layers=self.layers, pooling=pooling)

    def target(self, rows):
        return rows

    def term(self, i, finetuned, pretrained):
        return (pretrained - finetuned).square().sum(1).mean()

    def loss(self, rows):
        out = self.run.forward(rows)
        states = self.run.pooled_states(out, rows, self.layers, self.pooling)
        targets = [s[self.target(rows)] for s in self.snapshot]
        terms = [self.term(i, s, t) for i, (s, t) in enumerate(zip(states, targets))]
        penalty = sum(terms) / len(terms)
        norm = sum(t.square().sum(1).mean() for t in targets) / len(terms)
        return self.run.task_loss(out, rows), penalty, penalty / norm


class RepinaMean(RepinaI):
    def term(self, i, finetuned, pretrained):
        return (pretrained.mean(0) - finetuned.mean(0)).square().sum()


class RepinaShuffled(RepinaI):
    def prepare(self):
        n = len(self.run.examples)
        random = recipe.JavaRandom(self.run.seed_of("shuffle", 0))
        self.cycle = list(range(n))
        for i in range(n - 1, 0, -1):
            j = random.next_int(i)
            self.cycle[i], self.cycle[j] = self.cycle[j], self.cycle[i]

    def target(self, rows):
        return [self.cycle[r] for r in rows]


class RepinaMlp(RepinaI):
    def __init__(
        self, run, depth=2, width=None, activation="relu", phiLearningRate=1e-3, phiInit="default",
        phiSteps=200, **shared,
    ):  # fmt: skip
        super().__init__(run, **shared)
        self.peak, self.init, self.fit_steps = phiLearningRate, phiInit, phiSteps
        hidden = run.net.config.hidden_size
        sizes = [hidden] + [width or hidden] * (depth - 1) + [hidden]
        between = {"relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "tanh": torch.nn.Tanh}[activation]
        self.phis = []
        for i in range(len(self.layers)):
            linears = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
            modules = [linears[0]]
            for linear in linears[1:]:
                modules += [between(), linear]
            self.start(linears, hidden, recipe.JavaRandom(run.seed_of("phi", i)))
            self.phis.append(torch.nn.Sequential(*modules))

    @torch.no_grad()
    def start(self, linears, hidden, random):
        if self.init != "identity":
            for linear in linears:
                linear.weight.copy_(linear_default(random, linear.weight.shape, linear.in_features))
                linear.bias.copy_(linear_default(random, linear.bias.shape, linear.in_features))
            return
        for linear in linears:
            linear.weight.zero_()
            linear.bias.zero_()
        eye = torch.eye(hidden)
        if len(linears) == 1:
            linears[0].weight.copy_(eye)
            return
        # x = max(x, 0) - max(-x, 0)
        linears[0].weight[: 2 * hidden] = torch.cat([eye, -eye])
        for middle in linears[1:-1]:
            middle.weight[: 2 * hidden, : 2 * hidden] = torch.eye(2 * hidden)
        linears[-1].weight[:, : 2 * hidden] = torch.cat([eye, -eye], 1)

    def prepare(self):
        if self.init != "fit":
            return
        for i, phi in enumerate(self.phis):
            adamw = torch.optim.AdamW(phi.parameters(), lr=self.peak, weight_decay=0.0)
            batch = self.run.training["batchSize"]
            for rows in recipe.batches(len(self.run.examples), batch, self.fit_steps, self.run.seed):
                adamw.zero_grad()
                self.term(i, self.snapshot[i][rows], self.snapshot[i][rows]).backward()
                adamw.step()

    def own(self):
        named = {}
        for layer, phi in zip(self.layers, self.phis):
            for at, linear in enumerate(phi[::2]):
                named[f"phi.{layer}.{at}.weight"] = linear.weight
                named[f"phi.{layer}.{at}.bias"] = linear.bias
        return named

    def rate(self, name, step):
        return self.peak / self.run.training["learningRate"] if name.startswith("phi.") else 1.0

    def term(self, i, finetuned, pretrained):
        return super().term(i, self.phis[i](finetuned), pretrained)
