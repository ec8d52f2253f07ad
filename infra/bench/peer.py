"""The same work in Buttress and in PyTorch with Hugging Face's Trainer, in turns; see infra/bench/peer.

peer.py measure ...   decides what is done, whose turn it is, and what it comes to. Keeps one process
                      of either side alive; commands and answers are JSON objects, one a line:
    sample   {}                                                 -> {tsv} (Buttress only)
    train    {model, split, training, warmUp, method}           -> {seconds: [a step, ...], losses}
    evaluate {model, split}                                     -> {seconds, logits}
    tokenize {model, texts, maxLength}                          -> {seconds, digest}
    collapse {file}                                             -> {seconds, metrics}
peer.py serve         PyTorch's side of that; train also takes loop ("trainer", "bare"), pad (tokens;
                      else to the longest of the batch), grouped, autocast
peer.py script FILE   one trial in a process of its own, as run_glue.py does it
peer.py loop FILE     all trials of a study, in one process
"""

import argparse
import collections
import contextlib
import csv
import hashlib
import json
import math
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SEED = 1
OUTPUTS = 2

# What both sides take from Trainer's defaults, but for the learning rate and the warm-up.
TRAINING = {"learningRate": 2e-5, "warmup": 0.06, "weightDecay": 0.01, "clipNorm": 1.0, "schedule": "linear"}
MAX_LENGTH = 128
LAMBDA = {"stl": 0.0, "repina-i": 0.01, "wc": 0.1}
TOP_K = [5, 10, 20, 50, 100]
LAYERS_SAMPLE = 256


# ---------------------------------------------------------------------------------- PyTorch's side


class Torch:
    """PyTorch and transformers, which take seconds to load: not for the process that measures."""

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
        """Rows of all steps, in Buttress's order; or in that of Trainer's group_by_length, of whose epoch every so-manieth batch is taken."""
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
        """A stock Trainer but for the order of the examples, the seeds of dropout and, with a penalty, the loss."""

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


# ------------------------------------------------------------------------------------- measuring

KEYS = [
    "step_fixed", "step_bare_loop", "step_mixed_padded", "step_mixed_grouped", "step_bf16", "evaluation",
    "trial", "study_scripts", "study_loop", "repina_over_stl", "collapse", "tokenization", "overhead_share",
]  # fmt: skip


class Unequal(Exception):
    """The two sides do not compute the same."""


class Unsupported(Exception):
    """A side cannot do it."""


class Side:
    """A process that waits for its turn."""

    def __init__(self, name, command, environment, log):
        self.name, self.log = name, log
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(log, "w"),
            text=True, env=environment,
        )  # fmt: skip

    def __call__(self, do, **command):
        try:
            self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise RuntimeError(f"{self.name} ended at {do}: {tail(self.log)}") from None
        if "unsupported" in answer:
            raise Unsupported(answer["unsupported"])
        if "error" in answer:
            raise RuntimeError(f"{self.name} failed at {do}: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def tail(log):
    return " | ".join(pathlib.Path(log).read_text(errors="replace").strip().splitlines()[-3:])


def quantile(values, q):
    return sorted(values)[round(q * (len(values) - 1))]


def summary(values):
    return {
        "median": statistics.median(values),
        "lowest": min(values),
        "lowerQuartile": quantile(values, 0.25),
        "upperQuartile": quantile(values, 0.75),
        "highest": max(values),
        "samples": len(values),
    }


class Measured:
    """Everything that a run came to."""

    def __init__(self):
        self.ratios, self.missing, self.measurements = {}, {}, []

    def add(self, key, what, ours, theirs):
        """A line of the table. Of several lines with a key, the worst ratio is the key's; key None: a line alone."""
        ratio = statistics.median(ours) / statistics.median(theirs)
        self.measurements.append(
            {"key": key, "what": what, "ours": summary(ours), "theirs": summary(theirs), "ratio": ratio}
        )
        if key:
            self.ratios[key] = max(ratio, self.ratios.get(key, 0))


class Bench:
    def __init__(self, arguments, work):
        self.quick, self.model_folder, self.glue, self.work = (
            arguments.quick, arguments.model, arguments.glue, work,
        )  # fmt: skip
        self.java_command = [
            "java",
            "-cp",
            f"{arguments.classes}:{ROOT}/worker/target/buttress/*:{ROOT}/worker/target/buttress/lib/*",
        ]
        self.environment = os.environ | {
            "OMP_NUM_THREADS": os.environ["THREADS"],
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "true",
            "TRANSFORMERS_VERBOSITY": "error",
            "PYTHONWARNINGS": "ignore",
        }
        self.engine = [f"-Dai.djl.pytorch.num_threads={os.environ['THREADS']}", "-Dai.djl.offline=true"]
        # As infra/buttress has it: threads that wait for work must not spin, which PyTorch's do.
        self.java_environment = self.environment | {"OMP_WAIT_POLICY": "passive", "OPT_OUT_TRACKING": "true"}
        self.measured = Measured()
        self.mlflow = arguments.mlflow

    def start(self):
        self.theirs = Side(
            "PyTorch", [sys.executable, __file__, "serve"], self.environment, self.work / "python.log"
        )
        self.ours = Side(
            "Buttress",
            [*self.java_command, *self.engine, "io.buttress.data.Peer"],
            self.java_environment,
            self.work / "java.log",
        )
        self.minilm = self.prepared("minilm", self.model_folder)
        self.texts = self.corpus()

    def prepared(self, name, base):
        folder = str(self.work / name)
        self.theirs("prepare", base=base, folder=folder)
        return folder

    # -- data

    def corpus(self):
        """Sentence pairs of two tasks: [(first, second, label), ...] for training and validation."""
        if self.glue:
            columns = {
                "RTE": ("sentence1", "sentence2", "label"),
                "MRPC": ("#1 String", "#2 String", "Quality"),
            }
            texts = {}
            for task, (first, second, label) in columns.items():
                for split in ("train", "dev"):
                    with open(
                        pathlib.Path(self.glue) / task / f"{split}.tsv", encoding="utf-8-sig", newline=""
                    ) as file:
                        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                        texts[task, split] = [(r[first], r[second], r[label]) for r in rows]
            return texts
        print(
            "no --glue: texts of about RTE's and MRPC's lengths, put together from the built-in sample",
            file=sys.stderr,
        )
        rows = [line.split("\t") for line in self.ours("sample")["tsv"].splitlines()[1:]]
        draw = random.Random(SEED)

        def text(column, median, deviation):
            words, wanted = [], median * math.exp(draw.gauss(0, deviation))
            while not words or len(words) < wanted:
                words += draw.choice(rows)[column].split()
            return " ".join(words)

        lengths = {"RTE": ((0, 36, 0.6), (1, 8, 0.35)), "MRPC": ((0, 19, 0.25), (0, 19, 0.25))}
        sizes = {("RTE", "train"): 2490, ("RTE", "dev"): 277, ("MRPC", "train"): 3668, ("MRPC", "dev"): 408}
        return {
            (task, split): [(*(text(*of) for of in lengths[task]), str(i % 2)) for i in range(n)]
            for (task, split), n in sizes.items()
        }

    def write(self, name, content):
        path = self.work / name
        path.write_text(json.dumps(content))
        return str(path)

    def fixed(self, batch, length, vocabulary=30522):
        draw = random.Random(SEED)
        n = 4 * batch
        ids = [[draw.randrange(1, vocabulary) for _ in range(length)] for _ in range(n)]
        content = {"ids": ids, "types": [[0] * length] * n, "targets": [draw.randrange(2) for _ in range(n)]}
        return self.write(f"fixed-{batch}-{length}.json", content)

    def tokenized(self, task, split):
        texts = self.texts[task, split]
        tokens = self.theirs(
            "ids", model=self.minilm, first=[t[0] for t in texts], second=[t[1] for t in texts]
        )
        labels = sorted({t[2] for t in texts})
        content = {
            "ids": tokens["input_ids"],
            "types": tokens["token_type_ids"],
            "targets": [labels.index(t[2]) for t in texts],
        }
        return self.write(f"{task}-{split}.json", content)

    # -- turns

    def turns(self, rounds, contestants):
        """Every contestant's samples, and what each answered last. The order of turns alternates."""
        samples, answers = collections.defaultdict(list), {}
        for i in range(rounds):
            names = list(contestants)
            for name in names if i % 2 == 0 else reversed(names):
                answers[name] = contestants[name]()
                samples[name] += answers[name]["seconds"]
        return samples, answers

    def step(self, side, model, split, batch, steps, warm=2, training=None, **more):
        return side(
            "train", model=model, split=split, warmUp=warm,
            training=TRAINING | {"batchSize": batch, "steps": warm + steps, "maxLength": 512} | (training or {}),
            **more,
        )  # fmt: skip

    # -- what is measured

    def check(self):
        """Both sides have the same losses; equally seeded, dropout draws equal masks of equal shapes."""
        rte = self.tokenized("RTE", "train")
        for what, split, loop, pad in (
            ("fixed shapes, bare loop", self.fixed(8, 32), "bare", None),
            ("fixed shapes, Trainer", self.fixed(8, 32), "trainer", None),
            ("mixed lengths, Trainer", rte, "trainer", None),
            (f"mixed lengths, Trainer, padded to {MAX_LENGTH}", rte, "trainer", MAX_LENGTH),
        ):
            training = {"dropout": 0} if pad else {}
            ours = self.step(self.ours, self.minilm, split, 8, 8, training=training)["losses"]
            theirs = self.step(self.theirs, self.minilm, split, 8, 8, training=training, loop=loop, pad=pad)[
                "losses"
            ]
            self.equal(f"losses, {what}", ours, theirs, 1e-3)

    def equal(self, what, ours, theirs, tolerance):
        worst = max((abs(a - b) / max(1, abs(b)) for a, b in zip(ours, theirs)), default=math.inf)
        if len(ours) != len(theirs) or not worst <= tolerance:
            raise Unequal(
                f"{what}: ours {ours[:4]}..., theirs {theirs[:4]}..., difference {worst:.1e} (allowed {tolerance:.0e})"
            )
        print(f"equal: {what}, to {worst:.0e}", file=sys.stderr)

    def steps_fixed(self):
        rounds, steps = (2, 6) if self.quick else (8, 8)
        cases = [
            ("MiniLM", self.minilm, 32, 64),
            ("MiniLM", self.minilm, 16, 128),
            ("MiniLM", self.minilm, 2, 8),
        ]
        if not self.quick:
            base = self.prepared("base", None)
            cases += [("BERT-base size", base, 32, 64), ("BERT-base size", base, 16, 128)]
        for name, model, batch, length in cases:
            split, few = self.fixed(batch, length), model != self.minilm
            count = 20 if batch == 2 else 3 if few else steps

            def run(side, **more):
                return lambda: self.step(side, model, split, batch, count, **more)

            samples, _ = self.turns(
                3 if few else rounds,
                {
                    "ours": run(self.ours),
                    "trainer": run(self.theirs, loop="trainer"),
                    "bare": run(self.theirs, loop="bare"),
                },
            )
            what = f"{name}, {batch} x {length}"
            tiny = batch == 2
            self.measured.add(
                None if tiny else "step_fixed", f"step, {what}, Trainer", samples["ours"], samples["trainer"]
            )
            self.measured.add(
                None if tiny else "step_bare_loop",
                f"step, {what}, bare loop",
                samples["ours"],
                samples["bare"],
            )

    def steps_mixed(self):
        """Real lengths, batches of 16; times are per real token, of which the orders have not the same number."""
        rounds, steps = (1, 10) if self.quick else (4, 20)
        for task in ("RTE", "MRPC"):
            split = self.tokenized(task, "train")
            lengths = [len(ids) for ids in json.loads(pathlib.Path(split).read_text())["ids"]]
            tokens = {}

            def run(name, side, **more):
                def turn():
                    answer = self.step(side, self.minilm, split, 16, steps, **more)
                    tokens[name] = answer.get("tokens")
                    return {"seconds": [sum(answer["seconds"])]}

                return turn

            samples, _ = self.turns(
                rounds,
                {
                    "ours": run("ours", self.ours),
                    "padded": run("padded", self.theirs, loop="trainer", pad=MAX_LENGTH),
                    "grouped": run("grouped", self.theirs, loop="trainer", grouped=True),
                },
            )
            # Ours has the padded run's batches.
            tokens["ours"] = tokens["padded"]
            mean = sum(lengths) / len(lengths) * 16
            per_step = {name: [s / tokens[name] * mean for s in samples[name]] for name in samples}
            self.measured.add(
                "step_mixed_padded",
                f"step of 16, {task}, Trainer, padded to {MAX_LENGTH}",
                per_step["ours"],
                per_step["padded"],
            )
            self.measured.add(
                "step_mixed_grouped",
                f"step of 16, {task}, Trainer, group_by_length",
                per_step["ours"],
                per_step["grouped"],
            )

    def steps_bf16(self):
        split = self.fixed(8, 32)
        training = {"dropout": 0, "precision": "bf16"}
        ours = self.step(self.ours, self.minilm, split, 8, 48, training=training)["losses"]
        theirs = self.step(
            self.theirs, self.minilm, split, 8, 48, training={"dropout": 0}, loop="bare", autocast=True
        )["losses"]
        self.equal("losses of 50 steps in bf16", ours, theirs, 1e-2)
        split = self.fixed(32, 64)
        samples, _ = self.turns(
            3 if self.quick else 8,
            {
                "ours": lambda: self.step(
                    self.ours, self.minilm, split, 32, 5, training={"precision": "bf16"}
                ),
                "fp32": lambda: self.step(self.theirs, self.minilm, split, 32, 5, loop="bare"),
            },
        )
        self.measured.add(
            "step_bf16",
            "step, MiniLM, 32 x 64, ours in bf16, PyTorch in fp32",
            samples["ours"],
            samples["fp32"],
        )

    def repina(self):
        split = self.fixed(32, 64)
        samples, _ = self.turns(
            3 if self.quick else 12,
            {
                "repina": lambda: self.step(self.ours, self.minilm, split, 32, 5, method="repina-i"),
                "stl": lambda: self.step(self.ours, self.minilm, split, 32, 5),
            },
        )
        self.measured.add(
            "repina_over_stl",
            "step, MiniLM, 32 x 64, repina-i (ours) over stl (ours)",
            samples["repina"],
            samples["stl"],
        )

    def evaluation(self):
        split = self.tokenized("RTE", "dev")
        n = len(self.texts["RTE", "dev"])
        contestants = {
            name: lambda side=side: side("evaluate", model=self.minilm, split=split)
            for name, side in (("ours", self.ours), ("theirs", self.theirs))
        }
        self.turns(1, contestants)
        samples, answers = self.turns(2 if self.quick else 8, contestants)
        flat = {name: [x for row in answers[name]["logits"] for x in row] for name in answers}
        self.equal("logits", flat["ours"], flat["theirs"], 1e-3)
        self.measured.add(
            "evaluation",
            f"evaluation of {n} examples of RTE, Trainer.predict",
            samples["ours"],
            samples["theirs"],
        )

    def tokenization(self):
        pairs = [(a, b) for texts in self.texts.values() for a, b, _ in texts]
        texts = self.write("texts.json", pairs)
        contestants = {
            name: lambda side=side: side("tokenize", model=self.minilm, texts=texts, maxLength=MAX_LENGTH)
            for name, side in (("ours", self.ours), ("theirs", self.theirs))
        }
        self.turns(1, contestants)
        samples, answers = self.turns(5 if self.quick else 15, contestants)
        if answers["ours"]["digest"] != answers["theirs"]["digest"]:
            raise Unequal("token ids")
        self.measured.add(
            "tokenization", f"tokenization of {len(pairs)} pairs", samples["ours"], samples["theirs"]
        )

    def collapse(self):
        file = str(self.work / "matrices.safetensors")
        self.theirs("matrices", file=file)
        samples, answers = self.turns(
            2 if self.quick else 5,
            {
                "ours": lambda: self.ours("collapse", file=file),
                "theirs": lambda: self.theirs("collapse", file=file),
            },
        )
        ours, theirs = answers["ours"]["metrics"], answers["theirs"]["metrics"]
        if set(ours) != set(theirs):
            raise Unequal(f"collapse metrics: {sorted(set(ours) ^ set(theirs))} on one side only")
        self.equal(
            "collapse metrics", [ours[k] for k in sorted(ours)], [theirs[k] for k in sorted(ours)], 1e-6
        )
        self.measured.add(
            "collapse", "collapse metrics of 10,000 x 768, numpy", samples["ours"], samples["theirs"]
        )

    # -- whole trials and studies

    def study(self, methods, seeds):
        """The same study for both sides: a part of RTE."""
        size, epochs = (48, 2) if self.quick else (320, 3)
        files = {}
        for name, split in (("train", "train"), ("validation", "dev")):
            path = self.work / f"{name}.tsv"
            rows = self.texts["RTE", split][:size]
            path.write_text(
                "".join("\t".join(row) + "\n" for row in [("sentence1", "sentence2", "label"), *rows])
            )
            files[name] = str(path)
        theirs = {
            **files, "model": self.minilm, "methods": methods, "seeds": seeds, "batchSize": 16, "epochs": epochs,
        }  # fmt: skip
        ours = {
            "name": "peer",
            "models": [f"file:{self.minilm}"],
            "tasks": [
                {"id": "peer", "train": f"file:{files['train']}", "validation": f"file:{files['validation']}",
                 "text": ["sentence1", "sentence2"], "label": "label"}
            ],
            "methods": [{"id": m} | ({"lambda": LAMBDA[m]} if LAMBDA[m] else {}) for m in methods],
            "seeds": seeds,
            "training": TRAINING | {"batchSize": 16, "epochs": epochs, "maxLength": MAX_LENGTH},
            "execution": {"keepModels": "all"},
        }  # fmt: skip
        return ours, theirs

    def process(self, what, command, environment, output=None):
        """Wall time of a process, start included, and the JSON that it left."""
        log = self.work / "process.log"
        start = time.perf_counter()
        with open(log, "w") as file:
            code = subprocess.call(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, cwd=self.work
            )
        seconds = time.perf_counter() - start
        if code:
            raise RuntimeError(f"{what} ended with exit code {code}: {tail(log)}")
        return {"seconds": [seconds], "trials": json.loads(pathlib.Path(output).read_text())}

    def buttress(self, study, *more, before=(str(ROOT / "infra" / "buttress"),), home=None):
        """A run of the study in a new home."""
        file, out = self.write("study.json", study), self.work / "report"
        with tempfile.TemporaryDirectory(dir=self.work) as fresh:
            if self.mlflow and not more:
                os.symlink(pathlib.Path(self.mlflow).parent.parent, pathlib.Path(fresh) / "venv")
            options = f"{os.environ.get('JAVA_TOOL_OPTIONS', '')} {' '.join(self.engine)}"
            environment = self.java_environment | {"BUTTRESS_HOME": fresh, "JAVA_TOOL_OPTIONS": options}
            answer = self.process(
                "buttress",
                [*before, "local", file, "--out", str(out), *more],
                environment,
                out / "report.json",
            )
        answer["trials"] = answer["trials"]["trials"]
        return answer

    def python(self, mode, study, **more):
        file, out = self.write(f"{mode}.json", study | more), self.work / f"{mode}-out.json"
        return self.process(mode, [sys.executable, __file__, mode, file, str(out)], self.environment, out)

    def scripts(self, study):
        """One process a trial; --quick runs one seed of each method and counts it for all."""
        seeds = study["seeds"][:1] if self.quick else study["seeds"]
        taken, trials = 0.0, []
        for method in study["methods"]:
            for seed in seeds:
                answer = self.python("script", study, method=method, seed=seed)
                taken += answer["seconds"][0]
                trials += answer["trials"]
        return {"seconds": [taken / len(seeds) * len(study["seeds"])], "trials": trials}

    def one_trial(self):
        ours, theirs = self.study(["stl"], [1])
        samples, answers = self.turns(
            2 if self.quick else 5,
            {"ours": lambda: self.buttress(ours, "--no-mlflow"), "theirs": lambda: self.scripts(theirs)},
        )
        self.same_trials(answers["ours"]["trials"], answers["theirs"]["trials"])
        self.measured.add(
            "trial",
            "one trial, process start included, run_glue-style script",
            samples["ours"],
            samples["theirs"],
        )

    def same_trials(self, ours, theirs, tolerance=1.0):
        """All done, and on average about as accurate."""
        if any(trial["status"] != "done" for trial in ours):
            raise Unequal(f"trials of Buttress: {[trial['status'] for trial in ours]}")
        found = {(t["method"], t["seed"]): t["validation"]["accuracy"] for t in ours}
        means = [
            statistics.fmean(found[t["method"], t["seed"]] for t in theirs),
            statistics.fmean(t["accuracy"] for t in theirs),
        ]
        if abs(means[0] - means[1]) > tolerance:
            raise Unequal(
                f"mean accuracy of {len(theirs)} trials: ours {means[0]:.3f}, theirs {means[1]:.3f}"
            )
        print(
            f"mean accuracy of {len(theirs)} trials: ours {means[0]:.3f}, theirs {means[1]:.3f}",
            file=sys.stderr,
        )

    def whole_study(self, wanted):
        ours, theirs = self.study(["stl", "repina-i", "wc"], [1, 2, 3, 4])
        contestants = {"ours": lambda: self.buttress(ours, "--no-mlflow")}
        if "study_loop" in wanted:
            contestants["loop"] = lambda: self.python("loop", theirs, naive=False)
            if not self.quick:
                contestants["naive"] = lambda: self.python("loop", theirs, naive=True)
        if "study_scripts" in wanted:
            contestants["scripts"] = lambda: self.scripts(theirs)
        samples, answers = self.turns(1 if self.quick else 3, contestants)
        size = f"study, {len(answers['ours']['trials'])} trials"
        # Padded to the greatest length, dropout draws other masks: scripts end with other weights.
        for name, key, what, tolerance in (
            (
                "scripts",
                "study_scripts",
                "a script a trial" + (", by one seed of each method" if self.quick else ""),
                1.0,
            ),
            ("loop", "study_loop", "a loop in one process", 0.02),
            ("naive", None, "the same, REPINA by a second forward pass", 0.02),
        ):
            if name in samples:
                self.same_trials(answers["ours"]["trials"], answers[name]["trials"], tolerance)
                self.measured.add(key, f"{size}, {what}", samples["ours"], samples[name])

    def overhead(self):
        if not self.mlflow:
            raise Unsupported("MLflow could not be installed, so tracking cannot be measured")
        ours, _ = self.study(["stl", "repina-i", "wc"], [1, 2] if self.quick else [1, 2, 3, 4])
        file = self.work / "overhead.json"
        self.buttress(ours, before=[*self.java_command, "io.buttress.data.Peer", "overhead", str(file)])
        counted = json.loads(file.read_text())
        if not counted:
            raise RuntimeError("no study was seen")
        computing, looks = counted.pop("computing"), counted.pop("looks")
        self.measured.ratios["overhead_share"] = 1 - computing / looks
        self.measured.measurements.append(
            {"key": "overhead_share", "what": "share of a study's time in which nothing is computed",
             "looks": looks, "elsewhere": {k: n / looks for k, n in counted.items()}, "ratio": 1 - computing / looks}
        )  # fmt: skip

    def run(self, wanted):
        groups = [
            (["step_fixed", "step_bare_loop"], self.steps_fixed),
            (["step_mixed_padded", "step_mixed_grouped"], self.steps_mixed),
            (["step_bf16"], self.steps_bf16),
            (["repina_over_stl"], self.repina),
            (["evaluation"], self.evaluation),
            (["tokenization"], self.tokenization),
            (["collapse"], self.collapse),
            (["trial"], self.one_trial),
            (["study_scripts", "study_loop"], lambda: self.whole_study(wanted)),
            (["overhead_share"], self.overhead),
        ]
        self.check()
        for keys, measure in groups:
            keys = [key for key in keys if key in wanted]
            if not keys:
                continue
            start = time.perf_counter()
            try:
                measure()
            except Unsupported as e:
                self.measured.missing |= dict.fromkeys(keys, str(e))
            except RuntimeError as e:
                self.measured.missing |= dict.fromkeys(
                    (k for k in keys if k not in self.measured.ratios), str(e)
                )
            print(f"{', '.join(keys)}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
        self.ours.close()
        self.theirs.close()


def seconds(value):
    return f"{value:.2f} s" if value >= 10 else f"{1e3 * value:.1f} ms"


def table(measured):
    lines = [
        "| work, and what with | key | ours, median (quartiles) | theirs, median (quartiles) | ratio |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for line in measured.measurements:
        cells = [line["what"], line["key"] or ""]
        for side in ("ours", "theirs"):
            s = line.get(side)
            cells.append(
                f"{seconds(s['median'])} ({seconds(s['lowerQuartile'])} to {seconds(s['upperQuartile'])})"
                if s
                else ""
            )
        lines.append("| " + " | ".join([*cells, f"{line['ratio']:.3f}"]) + " |")
    lines += [f"\nmissing: {key}: {why}" for key, why in measured.missing.items()]
    return "\n".join(lines)


def machine():
    processor = platform.processor()
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "threads": int(os.environ["THREADS"]),
        "load": os.getloadavg()[0],
    }


def measure(arguments):
    from importlib.metadata import version

    wanted = arguments.only.split(",") if arguments.only else KEYS
    start, before = time.time(), machine()
    with tempfile.TemporaryDirectory(prefix="peer-") as work:
        bench = Bench(arguments, pathlib.Path(work))
        bench.start()
        bench.run(wanted)
    names = ("torch", "transformers", "accelerate", "scikit-learn", "numpy")
    result = {
        "machine": before | {"loadAfter": machine()["load"]},
        "versions": {name: version(name) for name in names} | {"python": platform.python_version()},
        "quick": arguments.quick,
        "texts": "glue" if arguments.glue else "sample",
        "seconds": time.time() - start,
        "ratios": bench.measured.ratios,
        "missing": bench.measured.missing,
        "measurements": bench.measured.measurements,
    }
    print(table(bench.measured))
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(result, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("serve")
    for mode in ("script", "loop"):
        one = modes.add_parser(mode)
        one.add_argument("file")
        one.add_argument("out")
    run = modes.add_parser("measure")
    for name in ("--classes", "--model", "--mlflow", "--glue", "--out", "--only"):
        run.add_argument(name)
    run.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.mode == "serve":
        serve()
    elif arguments.mode == "measure":
        try:
            measure(arguments)
        except Unequal as e:
            sys.exit(f"peer: the two sides do not compute the same: {e}")
    else:
        study = json.loads(pathlib.Path(arguments.file).read_text())
        trials = getattr(Torch(), arguments.mode)(study)
        pathlib.Path(arguments.out).write_text(json.dumps(trials))


if __name__ == "__main__":
    main()
