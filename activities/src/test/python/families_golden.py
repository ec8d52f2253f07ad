#!/usr/bin/env python3
"""Writes the golden files of FamiliesTest: tiny random encoders, and what transformers makes of them.

Each folder is as a pre-trained model is published: RoBERTa without prefix and with a pooler that
classification has no use for, DistilBERT and ELECTRA inside the model that they were pre-trained as.

Usage: families_golden.py   (from the repository's root; needs torch and transformers)
"""

import json
import pathlib
import sys

import torch
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForPreTraining,
    RobertaConfig,
    RobertaModel,
)

sys.path.insert(0, "infra/checks")
import recipe  # noqa: E402

OUT = pathlib.Path("activities/src/test/resources/io/buttress/golden")
SEED = 7
TRAINING = {
    "steps": 10, "batchSize": 5, "learningRate": 5e-3, "warmup": 0.22, "weightDecay": 0.1,
    "clipNorm": 0.5, "schedule": "linear",
}  # fmt: skip
COMMON = dict(
    vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=24, max_position_embeddings=24, initializer_range=0.3,
)  # fmt: skip
FAMILIES = {
    "bert": BertModel(BertConfig(**COMMON)),
    "roberta": RobertaModel(
        RobertaConfig(**{**COMMON, "max_position_embeddings": 26}, type_vocab_size=1, layer_norm_eps=1e-5)
    ),
    "distilbert": DistilBertForMaskedLM(
        DistilBertConfig(
            vocab_size=64, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=24,
            initializer_range=0.3,
        )  # fmt: skip
    ),
    "electra": ElectraForPreTraining(ElectraConfig(**COMMON, embedding_size=12)),
}


def dropout(x, p=0.5, training=True, inplace=False):
    """As infra/kernels/gen_ops.py draws it: 16 bits a value, the values in four runs."""
    if not training or p == 0:
        return x
    words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    bits = words.view(torch.int16).view(-1, 4).flip(1).T.reshape(-1)[: x.numel()].view(x.shape)
    dropped = min(round(p * 65536), 65535)
    return torch.where(bits >= dropped - 32768, x * (65536 / (65536 - dropped)), 0)


def examples_of(pad, generator):
    """The last one has a pad token inside its text, which moves RoBERTa's positions."""
    examples = []
    for i in range(14):
        n = int(torch.randint(3, 21, (1,), generator=generator))
        ids = [2] + torch.randint(5, 64, (n,), generator=generator).tolist() + [3]
        cut = len(ids) // 2 if i % 2 else len(ids)
        examples.append((ids, [0] * cut + [1] * (len(ids) - cut)))
    examples[-1][0][2] = pad
    return examples


def golden(family, folder):
    def model(outputs, **dropout):
        fresh = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=outputs, attn_implementation="eager", **dropout
        )
        recipe.init_head(fresh, SEED)
        if family != "bert":
            recipe.init_pooler(fresh, SEED)
        return fresh

    generator = torch.Generator().manual_seed(1)
    net = model(2).eval()
    examples = examples_of(net.config.pad_token_id, generator)
    inputs = recipe.inputs_of(net, examples, range(len(examples)))
    with torch.no_grad():
        states = net(**inputs, output_hidden_states=True).hidden_states
    result = {
        "seed": SEED,
        "training": TRAINING,
        "examples": examples,
        "evenLength": min(len(ids) for ids, _ in examples[:-1]),
        "cls": [state[:, 0].tolist() for state in states],
        "tasks": {},
    }
    training = examples[:-1]
    # transformers draws dropout for padding, too: so that draws are equal, here is none.
    length = result["evenLength"]
    even = [(ids[:length], types[:length]) for ids, types in training]
    for name, outputs in (("two", 2), ("four", 4), ("score", 1)):
        if outputs == 1:
            targets = torch.rand(len(training), generator=generator) * 5
        else:
            targets = torch.randint(0, outputs, (len(training),), generator=generator).float()
        task = {
            "outputs": outputs,
            "targets": targets.tolist(),
            "logits": recipe.evaluate(model(outputs), examples).tolist(),
        }
        for losses, rates, given in (
            ("losses", recipe.dropout(family, 0.0), training),
            ("lossesWithDropout", {}, even),
        ):
            task[losses] = []
            recipe.train(
                model(outputs, **rates), given, targets, TRAINING, SEED,
                record=lambda step, loss: task[losses].append(loss),
            )  # fmt: skip
        result["tasks"][name] = task
    return result


def main():
    torch.set_num_threads(1)
    torch.nn.functional.dropout = dropout
    torch.manual_seed(0)
    for family, model in FAMILIES.items():
        folder = OUT / family
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.dim() == 2:
                    parameter.normal_(0, 0.3)
                else:
                    parameter.add_(0.1 * torch.randn_like(parameter))
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        text = json.dumps(golden(family, folder), separators=(",", ":"))
        (folder / "golden.json").write_text(text + "\n")
        for file in sorted(folder.iterdir()):
            print(file, file.stat().st_size)


if __name__ == "__main__":
    main()
