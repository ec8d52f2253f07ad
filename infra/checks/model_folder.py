#!/usr/bin/env python3
"""Do Python's transformers load the models that trials wrote, and give the same logits?

Usage: model_folder.py STORE FINGERPRINT...

STORE: a directory store or s3://BUCKET. FINGERPRINT: as in report.json, or its beginning; the trial
must have kept its model. Compares logits of the validation set to 1e-5. Exits 1 when they differ.
Needs torch, transformers, safetensors.
"""

import sys

import torch
from transformers import AutoModelForSequenceClassification

import recipe
from store import Store

TOLERANCE = 1e-5


def main(place, *fingerprints):
    store = Store(place)
    failed = False
    for fingerprint in fingerprints:
        fit, evaluation = store.trial(fingerprint)
        if evaluation is None or "model/config.json" not in fit.files:
            raise SystemExit(f"trial {fingerprint} has no evaluation or kept no model")
        model, report = AutoModelForSequenceClassification.from_pretrained(
            fit.folder("model"), output_loading_info=True
        )
        strange = [k for k in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[k]]
        examples, _ = store.artifact(fit.json("fit.json")["datasetKey"]).split("validation")
        theirs = recipe.evaluate(model, examples)
        ours = torch.tensor(
            [
                [float(row[f"logit_{i}"]) for i in range(theirs.shape[1])]
                for row in evaluation.rows("predictions-validation.csv")
            ]
        )
        difference = (ours - theirs).abs().max().item()
        good = not strange and difference <= TOLERANCE
        failed |= not good
        print(
            f"{'ok  ' if good else 'FAIL'} {fingerprint[:12]}: {len(examples)} examples, greatest"
            f" difference of logits {difference:.2e} (allowed {TOLERANCE:g})"
            + "".join(f", {k} {report[k]}" for k in strange)
        )
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
