"""Compares Buttress with PyTorch and Hugging Face's Trainer; see infra/bench/peer, which starts this.

Keeps a process of either side alive and says whose turn it is; peer.py has the commands that both know.
"""

import argparse
import collections
import contextlib
import csv
import json
import math
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time

from peer import LAMBDA, MAX_LENGTH, ROOT, SEED, TRAINING

PEER = str(ROOT / "infra" / "bench" / "peer.py")

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


def summary(values):
    # A single value is its own quartiles.
    several = values if len(values) > 1 else values * 2
    lower, median, upper = statistics.quantiles(several, n=4, method="inclusive")
    return {
        "median": median,
        "lowest": min(values),
        "lowerQuartile": lower,
        "upperQuartile": upper,
        "highest": max(values),
        "samples": len(values),
    }


class Measured:
    """Everything that a run came to."""

    def __init__(self):
        self.ratios, self.missing, self.measurements = {}, {}, []

    def add(self, key, what, ours, theirs):
        """A line of the table. The worst ratio of a key's lines is the key's; None: a line of no key."""
        # Of what neighbouring turns took: a shared machine's speed drifts.
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        self.measurements.append(
            {"key": key, "what": what, "ours": summary(ours), "theirs": summary(theirs), "ratio": ratio}
        )
        if key:
            self.ratios[key] = max(ratio, self.ratios.get(key, 0))
        print(f"{what}: {ratio:.3f}", file=sys.stderr)


class Bench:
    def __init__(self, arguments, work):
        self.quick, self.model_folder, self.glue, self.work = (
            arguments.quick, arguments.model, arguments.glue, work,
        )  # fmt: skip
        self.java_command = [
            "java",
            "-cp",
            f"{ROOT}/infra/bench/target/classes:{ROOT}/worker/target/buttress/*:{ROOT}/worker/target/buttress/lib/*",
        ]
        self.java_environment = os.environ | {"OMP_NUM_THREADS": os.environ["THREADS"]}
        self.environment = self.java_environment | {
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "true",
            "TRANSFORMERS_VERBOSITY": "error",
            "PYTHONWARNINGS": "ignore",
        }
        # infra/lib/engine.sh sets them for Buttress.
        for variable in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "GLIBC_TUNABLES"):
            self.environment.pop(variable, None)
        self.engine = [f"-Dai.djl.pytorch.num_threads={os.environ['THREADS']}", "-Dai.djl.offline=true"]
        self.measured = Measured()
        self.scripted = {}
        self.mlflow = arguments.mlflow

    def start(self):
        self.theirs = Side(
            "PyTorch", [sys.executable, PEER, "serve"], self.environment, self.work / "python.log"
        )
        self.ours = Side(
            "Buttress",
            [*self.java_command, *self.engine, "io.buttress.bench.Peer"],
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
        # As many different tokens, a fourth of BERT's vocabulary, whatever the batches.
        n = 8192 // length
        ids = [[draw.randrange(1, vocabulary) for _ in range(length)] for _ in range(n)]
        content = {"ids": ids, "types": [[0] * length] * n, "targets": [draw.randrange(2) for _ in range(n)]}
        return self.write(f"fixed-{batch}-{length}.json", content)

    def tokenized(self, task, split, most=None):
        texts = self.texts[task, split][:most]
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
        setting = TRAINING | {"batchSize": batch, "steps": warm + steps, "maxLength": 512} | (training or {})
        return side("train", model=model, split=split, warmUp=warm, training=setting, **more)

    # -- what is measured

    def check(self):
        """Both sides have the same losses, without dropout, whose masks they draw differently."""

        def losses(side, split, **more):
            return self.step(side, self.minilm, split, 8, 8, training={"dropout": 0}, **more)["losses"]

        for shapes, split, loops in (
            (
                "fixed shapes",
                self.fixed(8, 32),
                {"bare loop": {"loop": "bare"}, "Trainer": {"loop": "trainer"}},
            ),
            (
                "mixed lengths",
                self.tokenized("RTE", "train"),
                {
                    "Trainer": {"loop": "trainer"},
                    f"Trainer, padded to {MAX_LENGTH}": {"loop": "trainer", "pad": MAX_LENGTH},
                },
            ),
        ):
            ours = losses(self.ours, split)
            for name, loop in loops.items():
                self.equal(f"losses, {shapes}, {name}", ours, losses(self.theirs, split, **loop), 1e-3)

    def equal(self, what, ours, theirs, tolerance):
        worst = max((abs(a - b) / max(1, abs(b)) for a, b in zip(ours, theirs)), default=math.inf)
        if len(ours) != len(theirs) or not worst <= tolerance:
            raise Unequal(
                f"{what}: ours {ours[:4]}..., theirs {theirs[:4]}...,"
                f" difference {worst:.1e} (allowed {tolerance:.0e})"
            )
        print(f"equal: {what}, to {worst:.0e}", file=sys.stderr)

    def steps_fixed(self):
        # Many short turns: a shared machine may be slower by a fifth for some seconds.
        rounds, steps = (3, 2) if self.quick else (16, 4)
        cases = [
            ("MiniLM", self.minilm, 32, 64),
            ("MiniLM", self.minilm, 16, 128),
            ("MiniLM", self.minilm, 2, 8),
        ]
        if not self.quick:
            base = self.prepared("base", None)
            cases += [("BERT-base size", base, 32, 64), ("BERT-base size", base, 16, 128)]
        for i, (name, model, batch, length) in enumerate(cases):
            split, few, tiny = self.fixed(batch, length), model != self.minilm, batch == 2
            turns, count = (4, 2) if few else (3 * rounds, 5) if tiny else (rounds, steps)

            def run(side, **more):
                return lambda: self.step(side, model, split, batch, count, warm=1, **more)

            contestants = {"ours": run(self.ours), "bare": run(self.theirs, loop="bare")}
            if not tiny:
                contestants["trainer"] = run(self.theirs, loop="trainer")
            if i == 0:
                # A process's first steps wait for memory, and Java's for its compiler.
                self.turns(1, contestants)
            samples, _ = self.turns(turns, contestants)
            what = f"step, {name}, {batch} x {length}"
            if tiny:
                self.measured.add(None, f"{what}, bare loop", samples["ours"], samples["bare"])
            else:
                self.measured.add("step_fixed", f"{what}, Trainer", samples["ours"], samples["trainer"])
                self.measured.add("step_bare_loop", f"{what}, bare loop", samples["ours"], samples["bare"])

    def steps_mixed(self):
        """Real lengths, batches of 16. Orders differ in their number of real tokens: times are per token."""
        rounds, steps = (1, 8) if self.quick else (4, 20)
        for task in ("RTE",) if self.quick else ("RTE", "MRPC"):
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
        relative = self.theirs("bfloat16")["relative"]
        pays = relative < 1
        slower = f"products in bf16 take {relative:.1f} times as long as in fp32 on this processor"
        if self.quick and not pays:
            # Without AVX-512 it takes more than a quarter of an hour.
            raise Unsupported(f"{slower}; without --quick losses and times are compared all the same")
        split = self.fixed(8, 32)
        training = {"dropout": 0, "precision": "bf16"}
        ours = self.step(self.ours, self.minilm, split, 8, 48, training=training)["losses"]
        theirs = self.step(
            self.theirs, self.minilm, split, 8, 48, training={"dropout": 0}, loop="bare", autocast=True
        )["losses"]
        self.equal("losses of 50 steps in bf16", ours, theirs, 1e-2)
        split = self.fixed(32, 64)
        contestants = {
            "ours": lambda: self.step(self.ours, self.minilm, split, 32, 5, training={"precision": "bf16"}),
            "fp32": lambda: self.step(self.theirs, self.minilm, split, 32, 5, loop="bare"),
        }
        if not self.quick:
            contestants["autocast"] = lambda: self.step(
                self.theirs, self.minilm, split, 32, 5, loop="bare", autocast=True
            )
        samples, _ = self.turns(2 if self.quick else 8, contestants)
        if not pays:
            self.measured.missing["step_bf16"] = slower
        for name, key, what in (
            ("fp32", "step_bf16" if pays else None, "PyTorch in fp32"),
            ("autocast", None, "PyTorch in bf16 by autocast"),
        ):
            if name in samples:
                what = f"step, MiniLM, 32 x 64, ours in bf16, {what}"
                self.measured.add(key, what, samples["ours"], samples[name])

    def repina(self):
        # Many short turns: what is looked for is less than what a machine's speed drifts by.
        batch, rounds = (16, 12) if self.quick else (32, 40)
        split = self.fixed(batch, 64)
        samples, _ = self.turns(
            rounds,
            {
                "repina": lambda: self.step(self.ours, self.minilm, split, batch, 2, 1, method="repina-i"),
                "stl": lambda: self.step(self.ours, self.minilm, split, batch, 2, 1),
            },
        )
        self.measured.add(
            "repina_over_stl",
            f"step, MiniLM, {batch} x 64, repina-i (ours) over stl (ours)",
            samples["repina"],
            samples["stl"],
        )

    def evaluation(self):
        n = 128 if self.quick else len(self.texts["RTE", "dev"])
        split = self.tokenized("RTE", "dev", n)
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
        contestants = {
            name: lambda side=side: side("collapse", file=file)
            for name, side in (("ours", self.ours), ("theirs", self.theirs))
        }
        self.turns(1, contestants)
        samples, answers = self.turns(3 if self.quick else 5, contestants)
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

    def study(self, methods, seeds, epochs=1):
        """The same study for both sides: a part of RTE."""
        size = 48 if self.quick else 320
        files = {}
        for name, split in (("train", "train"), ("validation", "dev")):
            path = self.work / f"{name}.tsv"
            rows = self.texts["RTE", split][:size]
            path.write_text(
                "".join("\t".join(row) + "\n" for row in [("sentence1", "sentence2", "label"), *rows])
            )
            files[name] = str(path)
        theirs = {
            **files, "model": self.minilm, "methods": methods, "seeds": seeds,
            "batchSize": 16, "epochs": epochs,
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
        return self.process(mode, [sys.executable, PEER, mode, file, str(out)], self.environment, out)

    def scripts(self, study):
        """One process a trial; --quick runs one seed of each method, once, and counts it for all."""
        seeds = study["seeds"][:1] if self.quick else study["seeds"]
        taken, trials = 0.0, []
        for method in study["methods"]:
            for seed in seeds:
                answer = self.scripted.get((method, seed)) if self.quick else None
                answer = answer or self.python("script", study, method=method, seed=seed)
                self.scripted[method, seed] = answer
                taken += answer["seconds"][0]
                trials += answer["trials"]
        return {"seconds": [taken / len(seeds) * len(study["seeds"])], "trials": trials}

    def one_trial(self):
        ours, theirs = self.study(["stl"], [1])
        samples, answers = self.turns(
            1 if self.quick else 3,
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
        ours, theirs = self.study(["stl", "repina-i", "wc"], [1, 2] if self.quick else [1, 2, 3, 4])
        contestants = {"ours": lambda: self.buttress(ours, "--no-mlflow")}
        if "study_loop" in wanted:
            contestants["loop"] = lambda: self.python("loop", theirs, naive=False)
            if not self.quick:
                contestants["naive"] = lambda: self.python("loop", theirs, naive=True)
        if "study_scripts" in wanted:
            contestants["scripts"] = lambda: self.scripts(theirs)
        # A turn of twelve trials takes half an hour.
        samples, answers = self.turns(1, contestants)
        size = f"study, {len(answers['ours']['trials'])} trials"
        # Both sides draw other masks of dropout, and end with other weights.
        near = 0.1 if self.quick else 0.05
        for name, key, what, tolerance in (
            (
                "scripts",
                "study_scripts",
                "a script a trial" + (", by one seed of each method" if self.quick else ""),
                1.0,
            ),
            ("loop", "study_loop", "a loop in one process", near),
            ("naive", None, "the same, REPINA by a second forward pass", near),
        ):
            if name in samples:
                self.same_trials(answers["ours"]["trials"], answers[name]["trials"], tolerance)
                self.measured.add(key, f"{size}, {what}", samples["ours"], samples[name])

    def overhead(self):
        if self.quick:
            raise Unsupported("needs trials of a minute: leave out --quick")
        if not self.mlflow:
            raise Unsupported("MLflow could not be installed, so tracking cannot be measured")
        ours, _ = self.study(["stl", "repina-i", "wc"], [1, 2, 3, 4], epochs=3)
        file = self.work / "overhead.json"
        self.buttress(ours, before=[*self.java_command, "io.buttress.bench.Peer", "overhead", str(file)])
        counted = json.loads(file.read_text())
        if not counted:
            raise RuntimeError("no study was seen")
        computing, looks = counted.pop("computing"), counted.pop("looks")
        self.measured.ratios["overhead_share"] = 1 - computing / looks
        self.measured.measurements.append(
            {"key": "overhead_share", "what": "share of a study's time in which nothing is computed",
             "looks": looks, "elsewhere": {k: n / looks for k, n in counted.items()},
             "ratio": 1 - computing / looks}
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
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--model", "--mlflow", "--glue", "--out", "--only"):
        parser.add_argument(name)
    parser.add_argument("--quick", action="store_true")
    try:
        measure(parser.parse_args())
    except Unequal as e:
        sys.exit(f"peer: the two sides do not compute the same: {e}")


if __name__ == "__main__":
    main()
