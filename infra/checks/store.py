"""Reads Buttress artifacts: a directory store, or s3://BUCKET (needs boto3 and the AWS_* variables)."""

import csv
import io
import json
import os
import pathlib
import tempfile

from safetensors.torch import load_file


class Store:
    def __init__(self, place):
        self.folder = self.bucket = None
        if place.startswith("s3://"):
            import boto3

            self.bucket = place[len("s3://") :].strip("/")
            self.s3 = boto3.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL_S3"))
        else:
            self.folder = pathlib.Path(place)
            if not (self.folder / "refs").is_dir():
                raise SystemExit(f"{place}: no artifact store (it has no refs/)")
        self.scratch = tempfile.TemporaryDirectory(prefix="buttress-check-")

    def bytes(self, key):
        if self.folder:
            return (self.folder / key).read_bytes()
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def refs(self):
        if self.folder:
            return sorted(f"refs/{p.name}" for p in (self.folder / "refs").iterdir())
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="refs/")
        return sorted(o["Key"] for page in pages for o in page.get("Contents", []))

    def artifact(self, key):
        return Artifact(self, json.loads(self.bytes(f"refs/{key}")))

    def trial(self, fingerprint):
        """(fit, evaluation) of a trial; fingerprint as in report.json, or its beginning.

        The fit with a model where there are several; evaluation is None when there is none.
        """
        fit = evaluation = None
        for ref in self.refs():
            found = self.artifact(ref[len("refs/") :])
            if "fit.json" in found.files:
                if found.json("fit.json")["trial"]["fingerprint"].startswith(fingerprint):
                    if fit is None or "model/config.json" in found.files:
                        fit = found
            elif "predictions-validation.csv" in found.files:
                if found.json("metrics.json")["fingerprint"].startswith(fingerprint):
                    evaluation = found
        if fit is None:
            raise SystemExit(f"no finished training run of a trial {fingerprint} in the store")
        return fit, evaluation


class Artifact:
    def __init__(self, store, ref):
        self.store, self.key, self.files = store, ref["key"], ref["files"]

    def bytes(self, name):
        return self.store.bytes("blobs/" + self.files[name]["sha256"])

    def json(self, name):
        return json.loads(self.bytes(name))

    def rows(self, name):
        return list(csv.DictReader(io.StringIO(self.bytes(name).decode())))

    def folder(self, prefix=""):
        """A copy of the files below a prefix."""
        root = pathlib.Path(self.store.scratch.name) / self.key
        for name in self.files:
            if name.startswith(prefix):
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.bytes(name))
        return root / prefix

    def split(self, name):
        """Examples [(ids, segment ids)] and targets of a dataset's split."""
        tensors = load_file(self.folder() / f"{name}.safetensors")
        examples, at = [], 0
        for n in tensors["lengths"].tolist():
            ids = tensors["input_ids"][at : at + n].tolist()
            examples.append((ids, tensors["token_type_ids"][at : at + n].tolist()))
            at += n
        return examples, tensors["targets"].float()
