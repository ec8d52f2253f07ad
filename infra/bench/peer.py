"""PyTorch with Hugging Face's Trainer, as infra/bench/peer compares it with Buttress.

peer.py serve             reads commands from standard input, a JSON object a line, and answers each with
                          a line on standard output: with times in seconds, process start and loading
                          left out. Peer.java does the same for Buttress.
    train    {model, split, training, warmUp, method}           -> {seconds: [a step, ...], losses}
    evaluate {model, split}                                     -> {seconds, logits}
    tokenize {model, texts, maxLength}                          -> {seconds, digest}
    collapse {file}                                             -> {seconds, metrics}
                          Here, train also takes loop ("trainer", "bare"), pad (tokens; else to the longest
                          of the batch), grouped, autocast; prepare, matrices and ids make the input,
                          and bfloat16 says what it costs.
peer.py script FILE OUT   one trial in a process of its own, as run_glue.py does it
peer.py loop FILE OUT     all trials of a study, in one process
"""

import contextlib
import csv
import hashlib
import json
import math
import os
import pathlib
import shutil
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SEED = 1
OUTPUTS = 2

# What both sides take from Trainer's defaults, but for the learning rate and the warm-up.
TRAINING = {
    "learningRate": 2e-5,
    "warmup": 0.06,
    "weightDecay": 0.01,
    "clipNorm": 1.0,
    "schedule": "linear",
}
MAX_LENGTH = 128
LAMBDA = {"stl": 0.0, "repina-i": 0.01, "wc": 0.1}
TOP_K = [5, 10, 20, 50, 100]
LAYERS_SAMPLE = 256


class Torch:
    """What PyTorch's side can do. Loads transformers, which takes seconds."""

    def __init__(self):
        import numpy
        import torch
        import transformers

        sys.path.insert(0, str(ROOT / "infra" / "checks"))
        import recipe

        self.np, self.torch, self.hf, self.recipe = numpy, torch, transformers, recipe
        torch.set_num_threads(int(os.environ["THREADS"]))
        transformers.utils.logging.set_verbosity_error()
        self.splits, self.pretrained = {}, None

    # -- models and data

    def model(self, folder, dropout=None):
        extra = {} if dropout is None else self.recipe.dropout("bert", dropout)
        return self.hf.AutoModelForSequenceClassification.from_pretrained(folder, num_labels=OUTPUTS, **extra)

    def tokenizer(self, folder):
        return self.hf.AutoTokenizer.from_pretrained(folder, use_fast=True)

    def split(self, path):
        if path not in self.splits:
            self.splits[path] = json.loads(pathlib.Path(path).read_text())
        return self.splits[path]

    def prepare(self, base, folder):
        """Writes the model that both sides start from: an encoder's, or a random one, with a head."""
        self.torch.manual_seed(SEED)
        if base is None:
            config = self.hf.BertConfig(num_labels=OUTPUTS)
            model = self.hf.BertForSequenceClassification(config)
        else:
            model = self.model(base)
            for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
                source = pathlib.Path(base) / name
                if source.exists():
                    pathlib.Path(folder).mkdir(exist_ok=True)
                    shutil.copy(source, folder)
        model.save_pretrained(folder)
        return {}

    def collate(self, items):
        """Pads to the longest; one tensor for each field."""
        length = max(len(item["input_ids"]) for item in items)

        def padded(values):
            return self.torch.tensor([v + [0] * (length - len(v)) for v in values])

        return {
            "input_ids": padded([item["input_ids"] for item in items]),
            "token_type_ids": padded([item["token_type_ids"] for item in items]),
            "attention_mask": padded([[1] * len(item["input_ids"]) for item in items]),
            "labels": self.torch.tensor([item["labels"] for item in items]),
            "row": self.torch.tensor([item["row"] for item in items]),
        }

    def items(self, split, pad=None):
        """Examples as Trainer takes them; with pad as run_glue.py pads them by default."""
        items = []
        for row, (ids, types) in enumerate(zip(split["ids"], split["types"])):
            item = {
                "input_ids": ids,
                "token_type_ids": types,
                "labels": int(split["targets"][row]),
                "row": row,
            }
            if pad:
                more = [0] * (pad - len(ids))
                item["input_ids"], item["token_type_ids"] = ids + more, types + more
                item["attention_mask"] = [1] * len(ids) + more
            items.append(item)
        return items

    def order(self, n, training, steps, grouped=None):
        """Rows of all steps, in Buttress's order.

        With the lengths of all examples, in that of Trainer's group_by_length: batches evenly from an epoch.
        """
        if grouped is None:
            batches = self.recipe.batches(n, training["batchSize"], steps, SEED)
            return [int(row) for batch in batches for row in batch]
        from transformers.trainer_pt_utils import get_length_grouped_indices

        generator = self.torch.Generator().manual_seed(SEED)
        size = training["batchSize"]
        rows = [int(row) for row in get_length_grouped_indices(grouped, size, generator=generator)]
        batches = [rows[at : at + size] for at in range(0, len(rows) - size + 1, size)]
        return [row for i in range(steps) for row in batches[(i * len(batches)) // steps]]

    # -- training

    def trainer(self, folder, model, items, order, training, steps, collator, penalty=None, seed=SEED):
        """A stock Trainer but for the order of examples, the seed of each step and, with a penalty, the loss."""

        class OrderedTrainer(self.hf.Trainer):
            def _get_train_sampler(self, *_):
                return order

            def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
                rows = inputs.pop("row")
                if model.training:
                    torch.manual_seed(recipe.derive(seed, "step", len(losses)))
                loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
                if penalty is not None and model.training:
                    loss = loss + penalty(model, inputs, rows, outputs)
                losses.append(loss.detach())
                return (loss, outputs) if return_outputs else loss

        class Clock(self.hf.TrainerCallback):
            def on_step_end(self, *_, **__):
                times.append(time.perf_counter())

        recipe, torch, losses, times = self.recipe, self.torch, [], []
        arguments = self.hf.TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=training["batchSize"],
            per_device_eval_batch_size=64,
            max_steps=steps,
            learning_rate=training["learningRate"],
            weight_decay=training["weightDecay"],
            max_grad_norm=training["clipNorm"],
            lr_scheduler_type=training["schedule"],
            warmup_steps=math.ceil(steps * training["warmup"]),
            remove_unused_columns=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            seed=seed,
        )
        trainer = OrderedTrainer(
            model=model, args=arguments, train_dataset=items, data_collator=collator, callbacks=[Clock()]
        )
        return trainer, losses, times

    def bare(self, model, items, order, training, steps, autocast):
        """The loop that one writes by hand, with PyTorch's fused AdamW."""
        recipe, torch = self.recipe, self.torch
        spared = ("bias", "LayerNorm.weight")
        named = list(model.named_parameters())
        adamw = torch.optim.AdamW(
            [
                {
                    "params": [p for k, p in named if not k.endswith(spared)],
                    "weight_decay": training["weightDecay"],
                },
                {"params": [p for k, p in named if k.endswith(spared)], "weight_decay": 0.0},
            ],
            lr=training["learningRate"],
            fused=True,
        )
        schedule = self.hf.get_scheduler(
            training["schedule"], adamw, math.ceil(steps * training["warmup"]), steps
        )
        model.train()
        size, losses, times = training["batchSize"], [], []
        for step in range(steps):
            inputs = self.collate([items[row] for row in order[step * size : (step + 1) * size]])
            del inputs["row"]
            torch.manual_seed(recipe.derive(SEED, "step", step))
            with torch.autocast("cpu", torch.bfloat16) if autocast else contextlib.nullcontext():
                loss = model(**inputs).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), training["clipNorm"])
            adamw.step()
            schedule.step()
            adamw.zero_grad()
            losses.append(loss.detach())
            times.append(time.perf_counter())
        return losses, times

    def train(self, command):
        training, split = command["training"], self.split(command["split"])
        steps, pad = training["steps"], command.get("pad")
        lengths = [len(ids) for ids in split["ids"]]
        order = self.order(len(lengths), training, steps, lengths if command.get("grouped") else None)
        model, items = self.model(command["model"], training.get("dropout")), self.items(split, pad)
        if command["loop"] == "bare":
            losses, times = self.bare(model, items, order, training, steps, command.get("autocast"))
        else:
            with tempfile.TemporaryDirectory() as folder:
                collator = self.hf.default_data_collator if pad else self.collate
                trainer, losses, times = self.trainer(folder, model, items, order, training, steps, collator)
                trainer.train()
        warm = command["warmUp"]
        seconds = [b - a for a, b in zip(times[warm - 1 :], times[warm:])]
        size = training["batchSize"]
        tokens = sum(lengths[row] for row in order[warm * size : steps * size])
        return {"seconds": seconds, "losses": [loss.item() for loss in losses], "tokens": tokens}

    # -- evaluation and collapse

    def bfloat16(self):
        """How many times as long as in float32 a linear layer takes; no flag of a processor tells."""
        fastest = {}
        for kind in (self.torch.float32, self.torch.bfloat16):
            x, weight = self.torch.ones(256, 384, dtype=kind), self.torch.ones(1536, 384, dtype=kind)
            times = []
            for _ in range(5):
                start = time.perf_counter()
                self.torch.nn.functional.linear(x, weight)
                times.append(time.perf_counter() - start)
            fastest[kind] = min(times)
        return {"relative": fastest[self.torch.bfloat16] / fastest[self.torch.float32]}

    def evaluate(self, command):
        split, model = self.split(command["split"]), self.model(command["model"])
        with tempfile.TemporaryDirectory() as folder:
            items = self.items(split)
            trainer, *_ = self.trainer(folder, model, items, [], TRAINING | {"batchSize": 1}, 1, self.collate)
            start = time.perf_counter()
            logits = trainer.predict(items).predictions
            return {"seconds": [time.perf_counter() - start], "logits": logits.tolist()}

    def tokenize(self, command):
        texts = json.loads(pathlib.Path(command["texts"]).read_text())
        first, second = [t[0] for t in texts], [t[1] for t in texts]
        tokenizer = self.tokenizer(command["model"])
        start = time.perf_counter()
        ids = tokenizer(first, second, truncation=True, max_length=command["maxLength"])["input_ids"]
        seconds = time.perf_counter() - start
        text = json.dumps(ids, separators=(",", ":"))
        return {"seconds": [seconds], "digest": hashlib.sha256(text.encode()).hexdigest()}

    def matrices(self, file):
        """Representations whose spectrum falls as those of encoders do, and the same after training."""
        from safetensors.numpy import save_file

        random = self.np.random.default_rng(SEED)
        n, h = 10_000, 768
        z = random.standard_normal((n, h)) * (self.np.arange(1, h + 1) ** -0.8) + random.standard_normal(h)
        finetuned = z @ self.np.diag(self.np.arange(1, h + 1) ** -0.5) + 0.01 * random.standard_normal((n, h))
        save_file({"pretrained": z.astype("float32"), "finetuned": finetuned.astype("float32")}, file)
        return {}

    def collapse(self, command):
        from safetensors.numpy import load_file

        tensors = load_file(command["file"])
        before, after = (tensors[k].astype("float64") for k in ("pretrained", "finetuned"))
        classes = self.np.arange(len(after)) % 2
        if self.pretrained is None:
            self.pretrained = self.spectrum(before)
        start = time.perf_counter()
        metrics = self.metrics(after, self.spectrum(after), before, self.pretrained, classes)
        return {"seconds": [time.perf_counter() - start], "metrics": metrics}

    def spectrum(self, z):
        """docs/metrics.md: singular values, and the eigenvalues of the covariance."""
        np = self.np
        singular = np.linalg.svd(z, compute_uv=False)
        floor = max(z.shape) * np.finfo(float).eps * singular[0]
        centred = np.linalg.svd(z - z.mean(0), compute_uv=False)
        singular[singular <= floor], centred[centred <= floor] = 0, 0
        variances = np.zeros(z.shape[1])
        variances[: len(centred)] = centred**2 / len(z)
        return singular, variances, floor

    def brief(self, z, spectrum, pretrained, pretrained_spectrum):
        np, (s, m, _) = self.np, spectrum
        p = s[s > 0] / s.sum()
        unit = z / np.linalg.norm(z, axis=1, keepdims=True)
        n = len(z)
        cross = np.linalg.norm((z - z.mean(0)).T @ (pretrained - pretrained.mean(0)))
        scale = n * np.linalg.norm(m) * n * np.linalg.norm(pretrained_spectrum[1])
        return {
            "effective_rank": float(np.exp(-(p * np.log(p)).sum())),
            "mean_cosine": float(((unit.sum(0) ** 2).sum() - n) / (n * (n - 1))),
            "cka_pretrained": float(cross**2 / scale),
        }

    def metrics(self, z, spectrum, pretrained, pretrained_spectrum, classes):
        np, (s, m, floor) = self.np, spectrum
        n, h = z.shape
        found = self.brief(z, spectrum, pretrained, pretrained_spectrum)
        values = s**2 / n
        relative = values / values.mean()
        for k in (k for k in TOP_K if k <= len(s)):
            for name, of in (("", values[:k]), ("_rel", relative[:k])):
                found[f"gm{name}_{k}"] = float(np.exp(np.log(of).mean()) if of[-1] else 0)
                found[f"hm{name}_{k}"] = float(k / (1 / of).sum() if of[-1] else 0)
        found["stable_rank"] = float((s**2).sum() / s[0] ** 2)
        found["participation_ratio"] = float(m.sum() ** 2 / (m**2).sum())
        found["k90"] = float(np.searchsorted(np.cumsum(m), 0.9 * m.sum()) + 1)
        defect = ((math.sqrt(h) * m / np.linalg.norm(m) - 1) ** 2).sum() / (2 * (h - math.sqrt(h)))
        used = h - defect * (h - math.sqrt(h))
        found["isoscore"] = float((used**2 / h - 1) / (h - 1))
        found["mean_norm"] = float(np.linalg.norm(z, axis=1).mean())
        present = sorted(set(classes.tolist()))
        means = np.stack([z[classes == c].mean(0) for c in present])
        spread = (means - means.mean(0)) / math.sqrt(len(present))
        _, roots, axes = np.linalg.svd(spread, full_matrices=False)
        trace = 0.0
        for root, axis in list(zip(roots, axes))[: len(present) - 1]:
            if root * math.sqrt(n) > floor:
                within = [((z[classes == c] - mean) @ axis) ** 2 for c, mean in zip(present, means)]
                trace += float(np.mean([w.mean() for w in within])) / float(root) ** 2
        found["nc1"] = trace / len(present)
        return found

    # -- whole trials

    def read(self, study, pad):
        """Tokenized sets of a study, tab-separated with a header."""
        tokenizer = self.tokenizer(study["model"])
        sets = {}
        for name in ("train", "validation"):
            with open(study[name], newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
            labels = sorted({row["label"] for row in rows})
            tokens = tokenizer(
                [r["sentence1"] for r in rows], [r["sentence2"] for r in rows],
                truncation=True, max_length=MAX_LENGTH,
            )  # fmt: skip
            targets = [labels.index(row["label"]) for row in rows]
            split = {"ids": tokens["input_ids"], "types": tokens["token_type_ids"], "targets": targets}
            sets[name] = self.items(split, pad)
        return sets

    def represent(self, model, items, collator):
        """[CLS] at every layer, [n, H] each."""
        model.eval()
        states = []
        with self.torch.no_grad():
            for at in range(0, len(items), 64):
                inputs = dict(collator(items[at : at + 64]))
                del inputs["row"], inputs["labels"]
                hidden = model(**inputs, output_hidden_states=True).hidden_states
                states.append([state[:, 0] for state in hidden])
        return [self.torch.cat(layer) for layer in zip(*states)]

    def trial(self, study, method, seed, sets, pad, known, folder, naive):
        """Trains, evaluates, measures collapse and saves the model.

        known: pre-trained representations, computed when they are missing.
        naive: REPINA's come from a second, frozen model at every step.
        """
        collator = self.hf.default_data_collator if pad else self.collate
        model, train, validation = self.model(study["model"]), sets["train"], sets["validation"]
        training = TRAINING | {"batchSize": study["batchSize"]}
        steps = math.ceil(len(train) / study["batchSize"]) * study["epochs"]
        rows = self.recipe.batches(len(train), study["batchSize"], steps, seed)
        order = [int(row) for batch in rows for row in batch]
        if "validation" not in known:
            known["validation"] = self.represent(model, validation, collator)
        penalty = None
        if method == "repina-i":
            if naive:
                frozen = self.model(study["model"]).eval()
            elif "train" not in known:
                known["train"] = self.represent(model, train, collator)[-1]

            def penalty(model, inputs, rows, outputs):
                if naive:
                    inputs = {k: v for k, v in inputs.items() if k != "labels"}
                    with self.torch.no_grad():
                        target = frozen(**inputs, output_hidden_states=True).hidden_states[-1][:, 0]
                else:
                    target = known["train"][rows]
                return LAMBDA[method] * ((outputs.hidden_states[-1][:, 0] - target) ** 2).sum(1).mean()

            model.config.output_hidden_states = True
        if method == "wc":
            kept = [p for name, p in model.base_model.named_parameters() if not name.startswith("pooler")]
            anchors = [p.detach().clone() for p in kept]

            def penalty(model, inputs, rows, outputs):
                return LAMBDA[method] * sum(((p - a) ** 2).sum() for p, a in zip(kept, anchors))

        trainer, losses, _ = self.trainer(
            folder, model, train, order, training, steps, collator, penalty, seed
        )
        trainer.train()
        model.config.output_hidden_states = False
        trainer.save_model()
        logits = trainer.predict(validation).predictions
        targets = [item["labels"] for item in validation]
        after, before = (
            [x.double().numpy() for x in states]
            for states in (self.represent(model, validation, collator), known["validation"])
        )
        old = self.spectrum(before[-1])
        self.metrics(before[-1], old, before[-1], old, self.np.array(targets))
        collapse = self.metrics(after[-1], self.spectrum(after[-1]), before[-1], old, self.np.array(targets))
        layers = []
        for a, b in zip(after, before):
            a, b = a[:LAYERS_SAMPLE], b[:LAYERS_SAMPLE]
            old = self.spectrum(b)
            layers.append((self.brief(b, old, b, old), self.brief(a, self.spectrum(a), b, old)))
        return {
            "method": method,
            "seed": seed,
            "accuracy": float((logits.argmax(1) == self.np.array(targets)).mean()),
            "loss": losses[steps - 1].item(),
            "collapse": collapse,
            "layers": layers,
        }

    def script(self, trial):
        """As run_glue.py: every input is padded to the greatest length."""
        sets = self.read(trial, MAX_LENGTH)
        with tempfile.TemporaryDirectory() as folder:
            return [self.trial(trial, trial["method"], trial["seed"], sets, MAX_LENGTH, {}, folder, False)]

    def loop(self, study):
        """Loads, tokenizes and computes pre-trained representations once; pads to a batch's longest."""
        sets, known, trials = self.read(study, None), {}, []
        with tempfile.TemporaryDirectory() as folder:
            for method in study["methods"]:
                for seed in study["seeds"]:
                    trials.append(self.trial(study, method, seed, sets, None, known, folder, study["naive"]))
        return trials


def serve():
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = Torch()
    commands = {
        "train": peer.train,
        "bfloat16": lambda _: peer.bfloat16(),
        "evaluate": peer.evaluate,
        "tokenize": peer.tokenize,
        "collapse": peer.collapse,
        "prepare": lambda c: peer.prepare(c.get("base"), c["folder"]),
        "matrices": lambda c: peer.matrices(c["file"]),
        "ids": lambda c: (
            peer.tokenizer(c["model"])(c["first"], c["second"], truncation=True, max_length=MAX_LENGTH).data
        ),
    }
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(commands[command["do"]](command)), file=answers, flush=True)


def main():
    mode, *files = sys.argv[1:] or [None]
    if mode == "serve":
        serve()
    elif mode in ("script", "loop") and len(files) == 2:
        study = json.loads(pathlib.Path(files[0]).read_text())
        trials = getattr(Torch(), mode)(study)
        pathlib.Path(files[1]).write_text(json.dumps(trials))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
