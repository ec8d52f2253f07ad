#!/usr/bin/env python3
"""Runs studies on a Kubernetes cluster, disturbs them, and checks what the chart promises."""
import argparse
import asyncio
import atexit
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = "buttress"
# A trial that goes on when others have ended: so many times as long.
LONG = 10
# All that may differ between two runs of a trial: times, and where things are.
SAME = ("status", "failure", "steps", "parameters", "selection", "validation", "test", "outOfDistribution", "collapse")
DESCRIPTION = """\
Installs helm/buttress with its workers' image on the cluster of kubectl's current context, in a namespace of its
own, starts studies with the Temporal CLI, and checks that

  delete   a pod that trains is deleted, then another killed: the trial goes on in another pod
  upgrade  a rolling upgrade replaces every pod during a study
  scale    pods of a pool at 0 come when trials wait, and none goes while its slot is busy (needs KEDA)

and that each study ends with the numbers of the same trials in one undisturbed process on this machine, bit by bit.

Temporal, MinIO and MLflow are started here (infra/stack), for as long as it takes. It needs a cluster whose pods
reach this machine and whose node is this machine (the encoder is mounted from its disk, and equal numbers need
equal processors), its image in that cluster's store; and kubectl, helm and temporal on PATH.

Exit code 0: all holds; 1: a check failed; 2: wrong usage; 3: something is missing."""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def run(*command, show=False, quiet=False, **options):
    """The standard output of a command; ends this program when it fails."""
    if show:
        print("$ " + " ".join(command), flush=True)
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode and not quiet:
        sys.exit(f"cluster: {' '.join(command[:4])} ... failed:\n{done.stdout}{done.stderr}")
    if show:
        print(done.stdout, end="", flush=True)
    return done.stdout


def until(what, seconds, condition):
    """The first true value of a condition; ends this program when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.5)
    sys.exit(f"cluster: in {seconds} s {what} did not happen")


def check(holds, text):
    say(("ok: " if holds else "FAILED: ") + text)
    if not holds:
        sys.exit(1)


class Cluster:
    """A namespace of the cluster, and the release in it."""

    def __init__(self, namespace, values):
        self.namespace, self.values = namespace, values

    def kubectl(self, *arguments, **options):
        return run("kubectl", "--namespace", self.namespace, *arguments, **options)

    def pods(self, pool):
        """Pods of a pool that are not on their way out, by name."""
        selector = f"app.kubernetes.io/instance={RELEASE},buttress.io/pool={pool}"
        found = json.loads(self.kubectl("get", "pods", "--selector", selector, "--output", "json"))["items"]
        return {p["metadata"]["name"]: p for p in found if "deletionTimestamp" not in p["metadata"]}

    def metric(self, pod, name):
        """A metric of a pod, asked through the API server; None when it does not answer."""
        text = self.kubectl("get", "--raw", f"/api/v1/namespaces/{self.namespace}/pods/{pod}:9090/proxy/metrics", quiet=True)
        found = re.search(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

    def busy(self, pod):
        return self.metric(pod, "buttress_busy_slots")

    def deploy(self, *settings):
        run("helm", "upgrade", "--install", RELEASE, str(ROOT / "helm/buttress"), "--namespace", self.namespace,
            "--values", str(self.values), "--wait", "--timeout", "5m", *settings, show=True)


def settings(image, host, env, model):
    """Values of the release: small pods, so that a small machine has room for several."""
    repository, _, tag = image.rpartition(":")
    small = {"requests": {"cpu": "50m", "memory": "512Mi", "ephemeral-storage": "1Gi"},
             "limits": {"memory": "4Gi", "ephemeral-storage": "20Gi"}}
    return {
        "image": {"repository": repository, "tag": tag},
        "temporal": {"address": env["TEMPORAL_ADDRESS"], "ui": env["BUTTRESS_TEMPORAL_UI"]},
        "mlflow": {"trackingUri": env["MLFLOW_TRACKING_URI"]},
        "s3": {"endpoint": env["AWS_ENDPOINT_URL_S3"], "bucket": env["BUTTRESS_BUCKET"]},
        "files": {"roots": [str(model)]},
        "poolDefaults": {
            "resources": small,
            "cache": {"size": "5Gi", "bytes": "2GB"},
            "env": {"OMP_NUM_THREADS": "1"},
            "volumes": [{"name": "model", "hostPath": {"path": str(model), "type": "Directory"}}],
            "volumeMounts": [{"name": "model", "mountPath": str(model), "readOnly": True}],
        },
        "pools": [
            {"name": "studies", "queues": ["studies", "cpu"]},
            {"name": "gpu", "queues": ["gpu"], "replicas": 2},
        ],
    }


def study(name, model, seeds, steps, parallel, methods=3, every="5s"):
    return {
        "name": name,
        "models": [model.as_uri().replace("file:///", "file:/")],
        "tasks": ["sample:sentiment"],
        "methods": [{"id": "stl"}, {"id": "repina-mlp", "lambda": 0.1}, {"id": "mixout"}][:methods],
        "seeds": seeds,
        "training": {"steps": steps, "minSteps": steps, "batchSize": 16, "maxLength": 32},
        "execution": {"maxParallelTrials": parallel, "checkpointEvery": every},
    }


def trials(report):
    found = json.loads((report / "report.json").read_text())["trials"]
    return {t["fingerprint"]: {k: t.get(k) for k in SAME} for t in found}


class Studies:
    """Studies on the cluster, and their trials as they ended undisturbed."""

    def __init__(self, work, home, model, steps):
        self.work, self.model, self.steps = work, model, steps
        say("the same trials undisturbed, in one process here (what an earlier run of this made is taken)")
        self.expected = {}
        for twin in (study("undisturbed", model, [1, 2, 3], steps, 1, every="10m"),
                     study("undisturbed-long", model, [4], LONG * steps, 1, methods=1, every="10m")):
            file, out = work / f"{twin['name']}.json", work / twin["name"]
            file.write_text(json.dumps(twin))
            run(str(ROOT / "infra/buttress"), "local", str(file), "--no-mlflow", "--out", str(out),
                env={**os.environ, "BUTTRESS_HOME": str(home), "OMP_NUM_THREADS": "1"})
            self.expected |= trials(out)

    def start(self, name, seed, parallel, times=1, methods=3):
        file = self.work / f"{name}.json"
        file.write_text(json.dumps(study(name, self.model, [seed], times * self.steps, parallel, methods)))
        run("temporal", "workflow", "start", "--type", "Study", "--task-queue", "studies", "--workflow-id", name,
            "--input-file", str(file), show=True)

    def ended(self, name):
        text = run("temporal", "workflow", "describe", "--workflow-id", name, "--output", "json")
        return "RUNNING" not in json.loads(text)["workflowExecutionInfo"]["status"]

    def watch(self, name, cluster, metric):
        """Waits until a metric of a pod that trains grows; returns the pod."""
        before = {pod: cluster.metric(pod, metric) for pod in cluster.pods("gpu")}

        def grown():
            if self.ended(name):
                sys.exit("cluster: " + run("temporal", "workflow", "describe", "--workflow-id", name))
            return next((p for p in cluster.pods("gpu") if (cluster.metric(p, metric) or 0) > (before.get(p) or 0)), None)

        return until(f"growth of {metric}", 180, grown)

    def attempts(self, name):
        """The most attempts that an activity of a running trial has needed."""
        text = run("temporal", "workflow", "list", "--query", f'WorkflowId STARTS_WITH "{name}/"', "--output", "json")
        counts = [1]
        for execution in json.loads(text or "[]"):
            described = run("temporal", "workflow", "describe", "--workflow-id", execution["execution"]["workflowId"], "--output", "json")
            counts += [a.get("attempt", 1) for a in json.loads(described).get("pendingActivities", [])]
        return max(counts)

    def check(self, name, seconds=900):
        until(f"the end of study {name}", seconds, lambda: self.ended(name))
        print(run("temporal", "workflow", "result", "--workflow-id", name), end="", flush=True)
        out = self.work / f"{name}-report"
        run(str(ROOT / "infra/buttress"), "report", name, "--out", str(out))
        found = trials(out)
        check(found and all(t["status"] == "done" for t in found.values()), f"{name}: {len(found)} trials are done")
        for fingerprint, trial in found.items():
            if trial != self.expected.get(fingerprint):
                print(json.dumps({"undisturbed": self.expected.get(fingerprint), "here": trial}, indent=1))
            check(trial == self.expected.get(fingerprint), f"{name}: trial {fingerprint[:12]} has the numbers of the undisturbed one")


def delete(cluster, studies):
    studies.start("check-delete", 1, 1)
    for arguments in (["--wait=false"], ["--grace-period=0", "--force", "--wait=false"]):
        pod = studies.watch("check-delete", cluster, "buttress_checkpoint_seconds_count")
        say(f"{pod} trains, and has stored a checkpoint")
        began = time.monotonic()
        cluster.kubectl("delete", "pod", pod, *arguments, show=True)
        other = studies.watch("check-delete", cluster, "buttress_training_examples_total")
        say(f"ok: {other} trains {time.monotonic() - began:.1f} s later, attempt {studies.attempts('check-delete')}")
        check(other != pod, "it is another pod")
    studies.check("check-delete")


def upgrade(cluster, studies):
    studies.start("check-upgrade", 2, 2)
    studies.watch("check-upgrade", cluster, "buttress_training_examples_total")
    before = set(cluster.pods("gpu")) | set(cluster.pods("studies"))
    cluster.deploy("--set", "poolDefaults.podAnnotations.upgraded=yes")
    after = set(cluster.pods("gpu")) | set(cluster.pods("studies"))
    check(not before & after, f"all {len(before)} pods were replaced by {len(after)}")
    check(not studies.ended("check-upgrade"), "the study was still under way")
    studies.check("check-upgrade")


class Watch(threading.Thread):
    """Samples a pool: how many pods, how many busy, and whether one is told to go while it is busy."""

    def __init__(self, cluster, pool):
        super().__init__(daemon=True)
        self.cluster, self.pool = cluster, pool
        self.most, self.spared, self.stopped_busy, self.over = 0, False, [], threading.Event()

    def run(self):
        before, last = {}, None
        while not self.over.is_set():
            busy = {pod: self.cluster.busy(pod) for pod in self.cluster.pods(self.pool)}
            self.most = max(self.most, len(busy))
            gone = set(before) - set(busy)
            self.stopped_busy += [pod for pod in gone if before[pod]]
            self.spared |= bool(gone) and any(busy.values())
            now = (len(busy), sum(1 for slots in busy.values() if slots))
            if now != last:
                say(f"pods {now[0]}, busy {now[1]}" + (f", told to go: {', '.join(sorted(gone))}" if gone else ""))
            before, last = busy, now
            self.over.wait(1)


def scale(cluster, studies):
    pools = json.loads(cluster.values.read_text())
    pools["pools"][1] = {"name": "gpu", "queues": ["gpu"], "autoscaling":
                         {"minReplicas": 0, "maxReplicas": 3, "cooldownSeconds": 60, "stabilizationSeconds": 60}}
    cluster.values.write_text(json.dumps(pools, indent=1))
    cluster.deploy()
    until("a pool without pods", 240, lambda: not cluster.pods("gpu"))
    say("ok: nothing to do, no pod")
    watch = Watch(cluster, "gpu")
    watch.start()
    studies.start("check-long", 4, 1, LONG, methods=1)
    studies.start("check-scale", 3, 3)
    studies.check("check-scale")
    studies.check("check-long")
    until("a pool without pods", 300, lambda: not cluster.pods("gpu"))
    watch.over.set()
    watch.join()
    check(watch.most == 3, f"four trials waited, and at most {watch.most} of 3 pods were there")
    check(watch.spared, "idle pods went while another trained")
    check(not watch.stopped_busy, "no pod was told to go while its slot was busy")


async def forward(host, port):
    """Lets the cluster's pods reach a port of 127.0.0.1 at this machine's address for them."""

    async def pipe(source, sink):
        try:
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    async def connected(reader, writer):
        try:
            there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    await asyncio.start_server(connected, host, port)


def stack(host, state):
    """Starts Temporal, MinIO and MLflow for the cluster; returns the variables that name them."""
    command = [str(ROOT / "infra/stack")]
    run(*command, "down", "--dir", str(state))
    shutil.rmtree(state / "data", ignore_errors=True)
    run(*command, "up", "--dir", str(state))
    atexit.register(lambda: subprocess.run([*command, "down", "--dir", str(state)], stderr=subprocess.DEVNULL))
    text = (state / "env").read_text()
    # They ask nobody for a password, so they listen on 127.0.0.1 only.
    loop = asyncio.new_event_loop()
    for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text))):
        loop.run_until_complete(forward(host, int(port)))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return dict(re.findall(r"^export (\w+)=(.*)$", text.replace("127.0.0.1", host), re.MULTILINE))


def main():
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="delete, upgrade, scale (default: all)")
    parser.add_argument("--image", default="buttress/worker:0.1.0", metavar="NAME:TAG", help="default: %(default)s")
    parser.add_argument("--host", metavar="ADDRESS", help="of this machine, as pods reach it (default: the node's)")
    parser.add_argument("--model", type=pathlib.Path, metavar="DIR", help="a Hugging Face folder (default: the encoder of the quick start)")
    parser.add_argument("--steps", type=int, default=80, metavar="N", help="of each trial; default: %(default)s")
    parser.add_argument("--namespace", default="buttress-check", help="made, and removed at the end; default: %(default)s")
    parser.add_argument("--keep", action="store_true", help="leave the release and its namespace")
    options = parser.parse_args()
    checks = {"delete": delete, "upgrade": upgrade, "scale": scale}
    wanted = options.what or list(checks)
    if unknown := set(wanted) - set(checks):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    for program in ("kubectl", "helm", "temporal"):
        if not shutil.which(program):
            print(f"cluster: {program} is not on PATH", file=sys.stderr)
            return 3
    home = pathlib.Path(os.environ.get("BUTTRESS_HOME") or pathlib.Path.home() / ".buttress")
    model = options.model or home / "models/all-MiniLM-L6-v2"
    if not (model / "config.json").is_file():
        print(f"cluster: {model} is no model folder; infra/quickstart fetches the default one", file=sys.stderr)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    path = "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}"
    host = options.host or run("kubectl", "get", "nodes", "--output", path)
    env = stack(host, home / "cluster-stack")
    os.environ.update(env, NO_PROXY=host)
    with tempfile.TemporaryDirectory(prefix="buttress-cluster-") as folder:
        work = pathlib.Path(folder)
        # Pods run as a user that may not read everybody's home.
        work.chmod(0o755)
        model = shutil.copytree(model, work / "model")
        values = work / "values.yaml"
        values.write_text(json.dumps(settings(options.image, host, env, model), indent=1))
        cluster = Cluster(options.namespace, values)
        studies = Studies(work, home / "cluster-undisturbed", model, options.steps)
        run("kubectl", "create", "namespace", options.namespace, show=True)
        try:
            secrets = {k: base64.b64encode(env[k].encode()).decode() for k in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
            cluster.kubectl("apply", "--filename", "-", input=json.dumps(
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "buttress"}, "data": secrets}))
            cluster.deploy()
            run("helm", "test", RELEASE, "--namespace", options.namespace, "--logs", show=True)
            cluster.kubectl("get", "pods", show=True)
            for name in wanted:
                print(f"--- {name}", flush=True)
                checks[name](cluster, studies)
        finally:
            if not options.keep:
                run("helm", "uninstall", RELEASE, "--namespace", options.namespace, "--wait", quiet=True)
                run("kubectl", "delete", "namespace", options.namespace, quiet=True)
    say("all holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
