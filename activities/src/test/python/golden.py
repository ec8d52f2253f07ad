#!/usr/bin/env python3
"""Writes the golden files of GoldenTest: a tiny random BERT and what transformers makes of it.

Usage: golden.py   (from the repository's root; needs torch and transformers)
"""

import copy
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel

sys.path.insert(0, "infra/checks")
import recipe  # noqa: E402

OUT = pathlib.Path("activities/src/test/resources/io/buttress/golden")
SEED = 7
TRAINING = {
    "epochs": 4, "batchSize": 5, "learningRate": 5e-3, "warmup": 0.22, "weightDecay": 0.1,
    "clipNorm": 0.5, "schedule": "linear",
}  # fmt: skip


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = BertConfig(
        vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=24, initializer_range=0.3,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    encoder = BertModel(config)
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            if name.endswith(".bias") or "LayerNorm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
    OUT.mkdir(parents=True, exist_ok=True)
    config.architectures = ["BertModel"]
    (OUT / "config.json").write_text(config.to_json_string())
    weights = {k: v.contiguous() for k, v in encoder.state_dict().items()}
    save_file(weights, OUT / "model.safetensors", metadata={"format": "pt"})

    generator = torch.Generator().manual_seed(1)
    examples = []
    for i in range(23):
        n = int(torch.randint(3, 21, (1,), generator=generator))
        ids = [2] + torch.randint(5, 64, (n,), generator=generator).tolist() + [3]
        cut = len(ids) // 2 if i % 2 else len(ids)
        examples.append((ids, [0] * cut + [1] * (len(ids) - cut)))

    def model(outputs, hidden_act="gelu"):
        sized = copy.deepcopy(config)
        sized.num_labels = outputs
        sized.hidden_act = hidden_act
        fresh = BertForSequenceClassification(sized)
        fresh.bert.load_state_dict(weights)
        recipe.init_head(fresh, SEED)
        return fresh

    def trained(outputs, targets, **kwargs):
        losses, net = [], model(outputs)
        recipe.train(net, examples, targets, TRAINING, SEED, record=lambda s, x: losses.append(x), **kwargs)
        return losses, recipe.evaluate(net, examples).tolist()

    golden = {
        "seed": SEED,
        "training": TRAINING,
        "examples": examples,
        "order": [list(b) for b in recipe.batches(len(examples), 5, 5, SEED)],
        "tasks": {},
    }
    for name, outputs in (("two", 2), ("five", 5), ("score", 1)):
        if outputs == 1:
            targets = torch.rand(len(examples), generator=generator) * 5
        else:
            targets = torch.randint(0, outputs, (len(examples),), generator=generator).float()
        logits = recipe.evaluate(model(outputs), examples).tolist()
        losses, after = trained(outputs, targets)
        golden["tasks"][name] = {
            "targets": targets.tolist(), "logits": logits, "losses": losses, "after": after,
        }  # fmt: skip

    targets = torch.tensor(golden["tasks"]["two"]["targets"])
    golden["repina"] = []
    for layers, pooling in (([-1], "cls"), ([0, 1, -1], "mean")):
        net = model(2).eval()
        inputs = recipe.collate(examples, range(len(examples)))
        with torch.no_grad():
            snapshot = recipe.represent(net, inputs, layers, pooling)[1]
        method = {"lambda": 0.05, "layers": layers, "pooling": pooling}
        losses, _ = trained(2, targets, method=method, snapshot=snapshot)

        # One step away from the snapshot: R and its gradient are not zero there.
        rows = [0, 1, 2, 3]
        inputs = recipe.collate(examples, rows)
        out, states = recipe.represent(net, inputs, layers, pooling)
        others = [s[4:8] for s in snapshot]
        penalty = recipe.repina(states, others)
        loss = recipe.task_loss(out.logits, targets[rows]) + 0.05 * penalty
        loss.backward()
        checked = [
            "bert.embeddings.LayerNorm.bias",
            "bert.encoder.layer.0.attention.self.query.weight",
            "bert.encoder.layer.1.output.dense.bias",
            "classifier.weight",
        ]
        parameters = dict(net.named_parameters())
        golden["repina"].append({
            **method, "losses": losses, "penalty": penalty.item(), "loss": loss.item(),
            "gradients": {k: parameters[k].grad.flatten().tolist() for k in checked},
        })  # fmt: skip

    golden["activations"] = {}
    for activation in ("gelu_new", "gelu_pytorch_tanh", "relu"):
        net = model(2, hidden_act=activation)
        golden["activations"][activation] = recipe.evaluate(net, examples).tolist()

    from transformers.optimization import get_scheduler

    golden["schedules"] = {}
    for shape, key in (("linear", "linear"), ("cosine", "cosine"), ("constant_with_warmup", "constant")):
        for steps, warmup in ((20, 0.25), (7, 0.0), (10, 0.06)):
            sgd = torch.optim.SGD([torch.zeros(1)], lr=2e-5)
            schedule = get_scheduler(shape, sgd, -(-steps * warmup // 1), steps)
            rates = []
            for _ in range(steps):
                rates.append(schedule.get_last_lr()[0])
                sgd.step()
                schedule.step()
            golden["schedules"][f"{key}/{steps}/{warmup}"] = rates

    text = json.dumps(golden, indent=None, separators=(",", ":"))
    (OUT / "golden.json").write_text(text + "\n")
    for file in sorted(OUT.iterdir()):
        print(file, file.stat().st_size)


if __name__ == "__main__":
    main()
