# shellcheck shell=bash
# Servers of a script's own. To be sourced after infra/lib/mlflow-venv.sh.

# Programs that a test run built serve everybody.
PATH=$PATH:${BUTTRESS_HOME:-$HOME/.buttress}/test-stack/bin

# own_stack_lacks STATE: prints what a stack needs and this machine lacks, else nothing.
own_stack_lacks() {
  local lacks=""
  mlflow_python >/dev/null 2>&1 || lacks="Python 3.10 or newer"
  if ! { command -v temporal && command -v minio; } >/dev/null && ! [ -x "$1/bin/minio" ] && ! command -v go >/dev/null; then
    lacks="${lacks:+$lacks, }Go (or temporal and minio on PATH)"
  fi
  echo "$lacks"
}

free_ports() {
  "$(mlflow_python)" - <<'PYTHON'
import socket
held = [socket.socket() for _ in range(5)]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PYTHON
}

# fresh_stack STACK STATE: starts servers without data on free ports of 127.0.0.1 by the script STACK, tells
# the environment where they are, and stops them when the shell ends.
fresh_stack() {
  fresh_stack_command=$1 fresh_stack_state=$2
  "$fresh_stack_command" down --dir "$fresh_stack_state"
  rm -rf "$fresh_stack_state/data"
  read -r BUTTRESS_TEMPORAL_PORT BUTTRESS_TEMPORAL_UI_PORT BUTTRESS_MINIO_PORT \
    BUTTRESS_MINIO_CONSOLE_PORT BUTTRESS_MLFLOW_PORT <<<"$(free_ports)"
  export BUTTRESS_TEMPORAL_PORT BUTTRESS_TEMPORAL_UI_PORT BUTTRESS_MINIO_PORT \
    BUTTRESS_MINIO_CONSOLE_PORT BUTTRESS_MLFLOW_PORT
  trap '"$fresh_stack_command" down --dir "$fresh_stack_state"' EXIT
  "$fresh_stack_command" up --dir "$fresh_stack_state"
  set -a
  # shellcheck source=/dev/null
  . "$fresh_stack_state/env"
  set +a
}
