#!/usr/bin/env python3
"""Writes the golden file of MethodsGoldenTest: every method, in PyTorch, on golden.py's tiny BERT.

Usage: methods_golden.py   (from the repository's root; needs torch, transformers, scikit-learn)

Every case has one step with all weights perturbed after the method was prepared, so that no R and
no gradient is zero by chance, and a training run of ten steps by the full recipe.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from torch.func import functional_call
from transformers import BertConfig, BertForSequenceClassification
from transformers.optimization import get_scheduler

sys.path.insert(0, "infra/checks")
import probe_reference as probe  # noqa: E402
import recipe  # noqa: E402
from methods_cases import CASES, METHODS  # noqa: E402
from methods_reference import Drawn  # noqa: E402
from noise_reference import RDrop  # noqa: E402

OUT = pathlib.Path("activities/src/test/resources/io/buttress/golden")
GOLDEN = json.loads((OUT / "golden.json").read_text())
EXAMPLES, SEED = GOLDEN["examples"], GOLDEN["seed"]
TRAINING = GOLDEN["training"] | {"epochs": 2}
ROWS = [3, 8, 0, 17, 21]
AFTER = 6
PERTURBATION = 0.05
# Of a gradient every k-th value is kept, with the odd k that leaves about so many.
KEPT = 80
CHECKED = [
    "embeddings.word_embeddings.weight",
    "embeddings.LayerNorm.bias",
    "encoder.layer.0.attention.self.query.weight",
    "encoder.layer.1.output.dense.bias",
    "pooler.dense.weight",
    "classifier.weight",
]


class Run:
    """A fresh model on a task, and what methods need to know of it."""

    def __init__(self, task, micro):
        outputs = {"two": 2, "five": 5, "score": 1}[task]
        config = BertConfig.from_pretrained(OUT, num_labels=outputs)
        self.net = BertForSequenceClassification(config)
        self.net.bert.load_state_dict(load_file(OUT / "model.safetensors"))
        recipe.init_head(self.net, SEED)
        self.examples, self.training, self.seed, self.micro = EXAMPLES, TRAINING, SEED, micro
        self.targets = torch.tensor(GOLDEN["tasks"][task]["targets"])
        self.noise = Drawn(self.seed_of("noise", 0))

    def seed_of(self, purpose, index):
        return recipe.derive(self.seed, purpose, index)

    def named(self):
        """The model's parameters by Buttress's names."""
        for name, parameter in self.net.named_parameters():
            yield name.removeprefix("bert.").removesuffix("_orig"), parameter

    def forward(self, rows, tokens=None, weights=None):
        """tokens changes the looked-up embeddings of all real tokens, [n, E]; weights replaces parameters."""
        inputs = recipe.collate(self.examples, rows)
        ids = inputs.pop("input_ids")
        embedded = self.net.bert.embeddings.word_embeddings(ids)
        if tokens:
            real = inputs["attention_mask"].bool()
            embedded = embedded.masked_scatter(real[..., None], tokens(embedded[real]))
        inputs["inputs_embeds"] = embedded
        return functional_call(self.net, weights or {}, (), inputs | {"output_hidden_states": True})

    def task_loss(self, out, rows):
        return recipe.task_loss(out.logits, self.targets[rows])

    def pooled_states(self, out, rows, layers, pooling):
        mask = recipe.collate(self.examples, rows)["attention_mask"]
        return [recipe.pool(out.hidden_states[layer], mask, pooling) for layer in layers]

    @torch.no_grad()
    def represent(self, rows, layers, pooling):
        self.net.eval()
        states = self.pooled_states(self.forward(rows), rows, layers, pooling)
        self.net.train()
        return states

    @torch.no_grad()
    def pooler_outputs(self):
        self.net.eval()
        last = self.forward(range(len(self.examples))).hidden_states[-1]
        self.net.train()
        return self.net.bert.pooler(last)


def prepared(case):
    id, task, parameters, micro = case
    run = Run(task, micro)
    renamed = {"weight" if k == "lambda" else k: v for k, v in parameters.items()}
    method = METHODS[id](run, **renamed)
    run.net.train()
    method.prepare()
    return run, method


def trained(run, method):
    """What learns, by Buttress's names."""
    named = {}
    for name, parameter in run.named():
        if method.learns(name):
            named[name] = parameter
        else:
            parameter.requires_grad_(False)
    return named | method.own()


@torch.no_grad()
def perturb(run, method):
    for name, parameter in [*run.named(), *method.own().items()]:
        drawn = Drawn(run.seed_of("perturb " + name, 0)).normal(parameter.shape)
        parameter.add_(PERTURBATION * drawn)


def one_step(case):
    run, method = prepared(case)
    step = {}
    if isinstance(method, probe.Lp):
        step["head"] = {k: everything(p) for k, p in run.named() if k.startswith("classifier.")}
    learning = trained(run, method)
    perturb(run, method)
    if isinstance(method, RDrop):
        # Two passes without dropout are the same pass, so each gets noise of its own here.
        method.disturbance = lambda e: e + 0.3 * run.noise.normal(e.shape)
    task, penalty, relative = method.loss(ROWS)
    total = task if penalty is None else task + method.weight * penalty
    for parameter in learning.values():
        parameter.grad = None
    total.backward()
    step |= {"task": rounded(task), "total": rounded(total), "gradients": {}}
    if penalty is not None:
        step["penalty"] = rounded(penalty)
    if relative is not None:
        step["relative"] = rounded(relative)
    for name, parameter in learning.items():
        if name in CHECKED or name in method.own():
            step["gradients"][name] = sampled(parameter.grad)
    return step


def training_run(case):
    run, method = prepared(case)
    learning = trained(run, method)
    steps = method.steps(recipe.total_steps(TRAINING, len(EXAMPLES)))
    groups = [{"params": [p], "name": k} for k, p in learning.items()]
    adamw = torch.optim.AdamW(groups, lr=TRAINING["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    schedule = rates(steps)
    losses = []
    for step, rows in enumerate(recipe.batches(len(EXAMPLES), TRAINING["batchSize"], steps, SEED)):
        adamw.zero_grad()
        losses.append(0.0)
        size = run.micro or len(rows)
        for at in range(0, len(rows), size):
            part = rows[at : at + size]
            task, penalty, _ = method.loss(part)
            total = task if penalty is None else task + method.weight * penalty
            total = total * (len(part) / len(rows))
            total.backward()
            losses[-1] += total.item()
        torch.nn.utils.clip_grad_norm_(list(learning.values()), TRAINING["clipNorm"])
        for group in adamw.param_groups:
            group["lr"] = schedule[step] * method.rate(group["name"], step)
            group["weight_decay"] = method.decay(group["name"], step)
        adamw.step()
        method.stepped(step, schedule[step])
    method.finish()
    run.net.eval()
    with torch.no_grad():
        logits = run.forward(range(AFTER)).logits
    return {"losses": [rounded(x) for x in losses], "after": [[rounded(x) for x in row] for row in logits]}


def rates(steps):
    sgd = torch.optim.SGD([torch.zeros(1)], lr=TRAINING["learningRate"])
    schedule = get_scheduler(TRAINING["schedule"], sgd, -(-steps * TRAINING["warmup"] // 1), steps)
    result = []
    for _ in range(steps):
        result.append(schedule.get_last_lr()[0])
        sgd.step()
        schedule.step()
    return result


def rounded(x):
    return float(f"{float(x):.7g}")


def everything(parameter):
    return [rounded(x) for x in parameter.flatten()]


def sampled(gradient):
    stride = -(-gradient.numel() // KEPT) | 1
    values = [rounded(x) for x in gradient.flatten()[::stride]]
    return {"largest": rounded(gradient.abs().max()), "stride": stride, "values": values}


def features():
    return Run("two", None).pooler_outputs()


def heads():
    """Minima of the linear head's problem at given l2, on pooler outputs as they are."""
    found = []
    x = features().double().numpy()
    two, five, score = ("two", 2), ("five", 5), ("score", 1)
    for (task, outputs), l2 in ((two, 0.1), (two, 1e-3), (five, 1.0), (five, 0.01), (score, 0.1)):
        weight, bias = probe.minimum(x, np.array(GOLDEN["tasks"][task]["targets"]), outputs, l2)
        found.append({
            "task": task, "l2": l2, "weight": np.vectorize(rounded)(weight).tolist(),
            "bias": np.vectorize(rounded)(bias).tolist(),
        })  # fmt: skip
    return found


def main():
    torch.set_num_threads(1)
    cases = []
    for case in CASES:
        id, task, parameters, micro = case
        cases.append({"method": id, "task": task, "parameters": parameters})
        cases[-1] |= {"microBatchSize": micro, "step": one_step(case)} | training_run(case)
        print(id, task, parameters, cases[-1]["losses"][-1:])
    golden = {
        "rows": ROWS, "perturbation": PERTURBATION, "epochs": TRAINING["epochs"], "cases": cases,
        "features": [[rounded(x) for x in row] for row in features()], "heads": heads(),
    }  # fmt: skip
    file = OUT / "methods.json"
    file.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(file, file.stat().st_size)


if __name__ == "__main__":
    main()
