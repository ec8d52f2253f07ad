"""Counts what a study asks of its servers; see infra/bench/footprint, which starts this.

Arguments: model folder, seeds, steps, folder of the stack.
"""

import array
import calendar
import collections
import json
import math
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

BUTTRESS = str(pathlib.Path(__file__).resolve().parents[1] / "buttress")
METHODS = ("stl", "repina-i", "repina-mean")
TOLERANCE = 0.1

# Seconds between two heartbeats of a running activity, and who sends one at once.
HEARTBEAT = 2
AT_ONCE = {"PlanStudy", "PrepareDataset", "SnapshotRepresentations", "FineTune", "Report"}

# Points of every recorded step: loss, task loss, gradient norm, learning rate, examples per second;
# of methods with a regularizer R and, where they have it, relative R, too.
STEP_METRICS = {"stl": 5, "repina-i": 7, "repina-mean": 7}
RECORDED_STEPS = 200
# Of a classification task with the default topK: two of training, five of validation, 29 of either encoder.
FINAL_METRICS = 2 + 5 + 2 * 29
TAGS = {"trial": 12, "study": 9}

# Examples in the validation set of sample:sentiment, and how many of them have every layer stored.
VALIDATION = 200
EVERY_LAYER = 256


def temporal(*command):
    return subprocess.run(
        ["temporal", *command, "--output", "json"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def seconds(event):
    """Of an event, since 1970."""
    whole, _, fraction = event["eventTime"].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


class Histories:
    """The study's workflow and those of its trials."""

    def __init__(self, study):
        ids = json.loads(temporal("workflow", "list", "--query", f"WorkflowId STARTS_WITH '{study}'"))
        self.durations = collections.defaultdict(list)
        self.actions, self.events, self.bytes = 0, 0, 0
        for workflow in ids:
            name = workflow["execution"]["workflowId"]
            text = temporal("workflow", "show", "--workflow-id", name)
            self.bytes += len(text)
            events = json.loads(text)["events"]
            self.events += len(events)
            self.count(events, child=name != study)

    def count(self, events, child):
        """Temporal Cloud's Actions (docs.temporal.io/cloud/actions), but for heartbeats, which no history has."""
        scheduled, started = {}, {}
        for event in events:
            kind = event["eventType"].removeprefix("EVENT_TYPE_")
            if kind == "WORKFLOW_EXECUTION_STARTED" and not child:
                self.actions += 1
            elif kind == "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
                self.actions += 2
            elif kind == "ACTIVITY_TASK_SCHEDULED":
                scheduled[event["eventId"]] = event["activityTaskScheduledEventAttributes"]["activityType"]["name"]
            elif kind == "ACTIVITY_TASK_STARTED":
                attributes = event["activityTaskStartedEventAttributes"]
                self.actions += int(attributes["attempt"])
                started[attributes["scheduledEventId"]] = seconds(event)
            elif kind == "ACTIVITY_TASK_COMPLETED":
                id = event["activityTaskCompletedEventAttributes"]["scheduledEventId"]
                self.durations[scheduled[id]].append(seconds(event) - started[id])


def worker_metrics():
    """Name and labels as Prometheus's text format has them -> value."""
    with urllib.request.urlopen(f"http://{os.environ['BUTTRESS_HTTP']}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def total(metrics, name, **labels):
    wanted = [f'{k}="{v}"' for k, v in labels.items()]
    return sum(v for k, v in metrics.items() if k.split("{")[0] == name and all(w in k for w in wanted))


def rows(database):
    """Rows by table, all experiments together."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("runs", "tags", "metrics")
        }


def bucket():
    """Bytes by first folder, the number of objects, and how many different tokens are trained on."""
    s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], config=Config(proxies={}))
    sizes, objects, tokens = collections.Counter(), 0, set()
    name = os.environ["BUTTRESS_BUCKET"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            objects += 1
            sizes[found["Key"].split("/")[0]] += found["Size"]
            if found["Key"].endswith("/train.safetensors"):
                tokens |= input_ids(s3.get_object(Bucket=name, Key=found["Key"])["Body"].read())
    return sizes, objects, len(tokens)


def input_ids(safetensors):
    size = int.from_bytes(safetensors[:8], "little")
    begin, end = json.loads(safetensors[8 : 8 + size])["input_ids"]["data_offsets"]
    return set(array.array("i", safetensors[8 + size + begin : 8 + size + end]))


def run(model, seeds, steps, work):
    """Runs the study to its end; returns its workflow id and the worker's metrics."""
    study = {
        "name": "footprint",
        "models": [f"file:{model}"],
        "tasks": ["sample:sentiment"],
        "methods": [{"id": method} for method in METHODS],
        "seeds": list(range(1, seeds + 1)),
        "training": {"steps": steps, "batchSize": 16, "maxLength": 64},
        "execution": {"keepModels": "all"},
    }
    file = work / "study.json"
    file.write_text(json.dumps(study))
    environment = os.environ | {"BUTTRESS_HOME": str(work / "home")}
    with open(work / "worker.log", "w") as log:
        worker = subprocess.Popen([BUTTRESS, "worker"], env=environment, stdout=log, stderr=log)
        try:
            done = subprocess.run(
                [BUTTRESS, "run", str(file), "--watch", "--out", str(work / "report")],
                stdout=subprocess.PIPE, stderr=sys.stderr, text=True,
            )  # fmt: skip
            if done.returncode:
                sys.exit(f"footprint: the study ended with exit code {done.returncode}; {log.name}:\n{done.stdout}")
            id = re.search(r"^study: (\S+)$", done.stdout, re.MULTILINE).group(1)
            return id, worker_metrics()
        finally:
            worker.terminate()
            worker.wait()


def main():
    model, seeds, steps, stack = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4])
    study, metrics = run(model, seeds, steps, stack / "work")
    histories = Histories(study)
    database = rows(stack / "data" / "mlflow.db")
    stored, objects, tokens = bucket()
    trials = len(METHODS) * seeds
    config = json.loads((pathlib.Path(model) / "config.json").read_text())
    layers, width = config["num_hidden_layers"], config["hidden_size"]
    recorded = math.ceil(steps / math.ceil(steps / RECORDED_STEPS))
    final = FINAL_METRICS + 2 * (3 * (layers + 1) - 1)
    folder = sum(f.stat().st_size for f in pathlib.Path(model).iterdir())
    parameters = (pathlib.Path(model) / "model.safetensors").stat().st_size / 4
    trained = parameters - (config["vocab_size"] - tokens) * width
    # The pre-trained encoder's, and those of every trial.
    representations = (1 + trials) * 4 * width * (VALIDATION + min(VALIDATION, EVERY_LAYER) * (layers + 1))
    checkpoints = total(metrics, "buttress_checkpoint_seconds_count")
    beats = sum(
        (kind in AT_ONCE) + int(s / HEARTBEAT) for kind, all in histories.durations.items() for s in all
    )  # fmt: skip
    lines = [
        ("Temporal: Actions without heartbeats", histories.actions, 9 + 6 * trials),
        ("Temporal: heartbeats", total(metrics, "temporal_request_total", operation="RecordActivityTaskHeartbeat"), beats),
        ("MLflow: runs", database["runs"], trials + 1),
        ("MLflow: tags", database["tags"], TAGS["trial"] * trials + TAGS["study"]),
        ("MLflow: points", database["metrics"], sum(recorded * STEP_METRICS[m] + final for m in METHODS) * seeds),
        ("object store: bytes", sum(stored.values()), folder * (1 + 2 * trials) + representations),
        (
            "object store: bytes written by the worker",
            total(metrics, "buttress_bytes_total", place="store", direction="written"),
            folder * (1 + trials) + representations + checkpoints * 12 * trained,
        ),
    ]
    print(f"{trials} trials of {steps} steps; a model folder of {folder / 1e6:.1f} MB; {checkpoints:.0f} checkpoints\n")
    print("| | counted | reckoned | off |\n| --- | ---: | ---: | ---: |")
    off = []
    for what, counted, reckoned in lines:
        off.append(counted / reckoned - 1)
        print(f"| {what} | {counted:,.0f} | {reckoned:,.0f} | {off[-1]:+.1%} |")
    print(f"\nhistories: {histories.events:,} events, {histories.bytes / 1e6:.2f} MB as JSON")
    print(f"objects: {objects:,}; MB by folder: { {k: round(v / 1e6, 1) for k, v in stored.items()} }")
    print("\n| activity | times | median, s | sum, s |\n| --- | ---: | ---: | ---: |")
    for kind, all in sorted(histories.durations.items()):
        print(f"| {kind} | {len(all)} | {statistics.median(all):.2f} | {sum(all):.1f} |")
    return 1 if any(abs(o) > TOLERANCE for o in off) else 0


sys.exit(main())
