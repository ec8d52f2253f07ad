"""Buttress's documented randomness and training recipe, again, in Python (see docs/methods.md)."""

import hashlib
import math
import re

import numpy as np
import torch

MASK = (1 << 48) - 1


def derive(seed, purpose, step):
    """Counter-based seed: the first 8 bytes, big-endian, signed, of sha256("seed/purpose/step")."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class JavaRandom:
    """java.util.Random: 48-bit linear congruential generator, polar method for Gaussians."""

    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) & MASK
        self.spare = None

    def next(self, bits):
        self.state = (self.state * 0x5DEECE66D + 0xB) & MASK
        value = self.state >> (48 - bits)
        return value - (1 << bits) if value >= 1 << (bits - 1) else value

    def next_int(self, bound):
        value = self.next(31) & 0x7FFFFFFF
        if bound & (bound - 1) == 0:
            return (bound * value) >> 31
        while value - value % bound + (bound - 1) >= 1 << 31:
            value = self.next(31) & 0x7FFFFFFF
        return value % bound

    def next_double(self):
        high = self.next(26) & ((1 << 26) - 1)
        return ((high << 27) + (self.next(27) & ((1 << 27) - 1))) * 2.0**-53

    def next_float(self):
        return (self.next(24) & ((1 << 24) - 1)) * 2.0**-24

    def next_gaussian(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        while True:
            a = 2 * self.next_double() - 1
            b = 2 * self.next_double() - 1
            s = a * a + b * b
            if 0 < s < 1:
                scale = math.sqrt(-2 * math.log(s) / s)
                self.spare = b * scale
                return a * scale


def permutation(n, seed):
    """Fisher-Yates from the end."""
    random, order = JavaRandom(seed), list(range(n))
    for i in range(n - 1, 0, -1):
        j = random.next_int(i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def selection_split(targets, fraction, seed, regression=False):
    """(rows to train on, rows set apart), both ascending; targets are class indices, or scores."""
    labels = [0 if regression else int(t) for t in targets]
    n = len(labels)
    size = max(1, math.floor(fraction * n + 0.5))
    quotas = {label: size * labels.count(label) for label in sorted(set(labels))}
    shares = {label: quota // n for label, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda label: (-(quotas[label] % n), label))
    for label in by_remainder[: size - sum(shares.values())]:
        shares[label] += 1
    apart = set()
    for row in permutation(n, derive(seed, "selection", 0)):
        if shares[labels[row]] > 0:
            shares[labels[row]] -= 1
            apart.add(row)
    return [row for row in range(n) if row not in apart], sorted(apart)


def batches(n, batch_size, steps, seed):
    """Rows of every step; each epoch's last, short batch is kept."""
    per_epoch = -(-n // batch_size)
    for step in range(steps):
        epoch, index = divmod(step, per_epoch)
        if index == 0:
            order = permutation(n, derive(seed, "order", epoch))
        yield order[index * batch_size : (index + 1) * batch_size]


def normal(shape, deviation, seed):
    random = JavaRandom(seed)
    values = [random.next_gaussian() * deviation for _ in range(shape[0] * shape[1])]
    return torch.tensor(np.array(values, dtype=np.float32).reshape(shape))


# Of transformers' *ForSequenceClassification by model_type: the head's first linear layer, and its last.
HEADS = {
    "bert": ("bert.pooler.dense", "classifier"),
    "roberta": ("classifier.dense", "classifier.out_proj"),
    "distilbert": ("pre_classifier", "classifier"),
    "electra": ("classifier.dense", "classifier.out_proj"),
}


def dropout(model_type, rate):
    """The fields of a config that hold a rate of dropout, of encoder and classification."""
    names = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")
    if model_type == "distilbert":
        names = ("dropout", "attention_dropout", "seq_classif_dropout")
    return dict.fromkeys(names, rate)


def init_linear(model, name, purpose, seed):
    linear = model.get_submodule(name)
    with torch.no_grad():
        deviation = model.config.initializer_range
        linear.weight.copy_(normal(linear.weight.shape, deviation, derive(seed, purpose, 0)))
        linear.bias.zero_()


def init_head(model, seed):
    """The last layer of a *ForSequenceClassification, as Buttress draws a new one."""
    init_linear(model, HEADS[model.config.model_type][1], "head", seed)


def init_pooler(model, seed):
    """The layer before it. BERT's checkpoints have one, other families' base models do not."""
    init_linear(model, HEADS[model.config.model_type][0], "pooler", seed)


def total_steps(training, n):
    if training.get("steps"):
        steps = training["steps"]
    else:
        steps = math.ceil(training["epochs"] * math.ceil(n / training["batchSize"]) - 1e-9)
    return max(steps, training.get("minSteps", 0))


def optimizer(model, training, steps):
    """torch's AdamW and transformers' schedule, grouped as transformers' Trainer does."""
    from transformers.optimization import get_scheduler

    spared = re.compile(r"\.bias$|LayerNorm|layer_norm")
    decay = [p for k, p in model.named_parameters() if not spared.search(k)]
    rest = [p for k, p in model.named_parameters() if spared.search(k)]
    groups = [
        {"params": decay, "weight_decay": training["weightDecay"]},
        {"params": rest, "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=training["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    names = {"constant": "constant_with_warmup"}
    schedule = get_scheduler(
        names.get(training["schedule"], training["schedule"]),
        adamw,
        num_warmup_steps=math.ceil(steps * training["warmup"]),
        num_training_steps=steps,
    )
    return adamw, schedule


def collate(examples, rows, pad_id=0):
    """Token ids, segment ids and mask of some examples, padded to the longest."""
    length = max(len(examples[r][0]) for r in rows)
    ids = torch.full((len(rows), length), pad_id)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for i, r in enumerate(rows):
        n = len(examples[r][0])
        ids[i, :n] = torch.tensor(examples[r][0])
        types[i, :n] = torch.tensor(examples[r][1])
        mask[i, :n] = 1
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}


def inputs_of(model, examples, rows):
    """What the model takes of some examples: RoBERTa and DistilBERT read no segments."""
    inputs = collate(examples, rows, model.config.pad_token_id or 0)
    if model.config.model_type in ("roberta", "distilbert"):
        del inputs["token_type_ids"]
    return inputs


def pool(hidden, mask, pooling):
    if pooling == "cls":
        return hidden[:, 0]
    real = mask.unsqueeze(2).to(hidden.dtype)
    return (hidden * real).sum(1) / real.sum(1)


def task_loss(logits, targets):
    if logits.shape[1] == 1:
        return torch.nn.functional.mse_loss(logits.squeeze(1), targets)
    return torch.nn.functional.cross_entropy(logits, targets.long())


def represent(model, inputs, layers, pooling):
    out = model(**inputs, output_hidden_states=True)
    return out, [pool(out.hidden_states[i], inputs["attention_mask"], pooling) for i in layers]


def repina(finetuned, pretrained):
    """R: mean over layers, mean over the batch, of squared distances summed over dimensions."""
    terms = [((a - b) ** 2).sum(1).mean() for a, b in zip(finetuned, pretrained)]
    return torch.stack(terms).mean()


def train(model, examples, targets, training, seed, method=None, snapshot=None, record=None):
    """Trains in place. method: {"lambda", "layers", "pooling"} or None; snapshot: [n, H] by layer.

    record(step, loss) is called at every step.
    """
    steps = total_steps(training, len(examples))
    adamw, schedule = optimizer(model, training, steps)
    model.train()
    for step, rows in enumerate(batches(len(examples), training["batchSize"], steps, seed)):
        torch.manual_seed(derive(seed, "step", step))
        inputs = inputs_of(model, examples, rows)
        layers = method["layers"] if method else []
        out, states = represent(model, inputs, layers, method["pooling"] if method else "cls")
        loss = task_loss(out.logits, targets[rows])
        if method and method["lambda"] != 0:
            pretrained = [snapshot[i][rows] for i in range(len(layers))]
            loss = loss + method["lambda"] * repina(states, pretrained)
        adamw.zero_grad()
        loss.backward()
        if training["clipNorm"] > 0:
            torch.nn.utils.clip_grad_norm_(model.parameters(), training["clipNorm"])
        adamw.step()
        schedule.step()
        if record:
            record(step, loss.item())


def evaluate(model, examples, batch_size=64):
    """Logits [n, outputs] in file order."""
    model.eval()
    order = sorted(range(len(examples)), key=lambda i: len(examples[i][0]))
    logits = [None] * len(examples)
    with torch.no_grad():
        for at in range(0, len(order), batch_size):
            rows = order[at : at + batch_size]
            out = model(**inputs_of(model, examples, rows)).logits
            for i, r in enumerate(rows):
                logits[r] = out[i]
    return torch.stack(logits)
