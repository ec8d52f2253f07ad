# shellcheck shell=bash
# A Python virtual environment with the MLflow server. To be sourced.

# shellcheck source=infra/lib/pins.sh
. "$(dirname "${BASH_SOURCE[0]}")/pins.sh"

# mlflow_python: prints a Python 3.10 or newer; fails with one line when there is none.
mlflow_python() {
  local python
  for python in "${BUTTRESS_PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.10; do
    if [ -n "$python" ] && command -v "$python" >/dev/null 2>&1 &&
      "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$python"
      return 0
    fi
  done
  echo "MLflow needs Python 3.10 or newer: install it, or name it in BUTTRESS_PYTHON" >&2
  return 1
}

# mlflow_venv [DIR]: makes the environment in DIR (default ${BUTTRESS_HOME:-~/.buttress}/venv), or
# reuses it when it holds the pinned versions, and prints the path of its mlflow program.
mlflow_venv() {
  local venv="${1:-${BUTTRESS_HOME:-$HOME/.buttress}/venv}" python log
  if [ -x "$venv/bin/mlflow" ] && [ "$(cat "$venv/pins" 2>/dev/null)" = "$MLFLOW_PINS" ]; then
    echo "$venv/bin/mlflow"
    return 0
  fi
  python="$(mlflow_python)" || return 1
  mkdir -p "$(dirname "$venv")" || return 1
  log="$venv.log"
  echo "installing MLflow into $venv (once, 1 to 2 minutes)" >&2
  if ! "$python" -m venv --clear "$venv" >"$log" 2>&1; then
    echo "cannot make a virtual environment with $python (Debian and Ubuntu: apt-get install python3-venv); see $log" >&2
    return 1
  fi
  # Word splitting is meant: one pin a word.
  # shellcheck disable=SC2086
  if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $MLFLOW_PINS >>"$log" 2>&1; then
    echo "cannot install MLflow: $(tail -n 1 "$log"); see $log" >&2
    return 1
  fi
  # Written last: an interrupted installation is made anew.
  echo "$MLFLOW_PINS" >"$venv/pins"
  echo "$venv/bin/mlflow"
}
