# shellcheck shell=bash
# Versions of what is not built by Maven. To be sourced.
# shellcheck disable=SC2034

TEMPORAL_MODULE="github.com/temporalio/cli/cmd/temporal@v1.5.1"
MINIO_MODULE="github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
MLFLOW_PINS="mlflow==3.17.2 mlflow-skinny==3.17.2 mlflow-tracing==3.17.2 boto3==1.43.127"
MLFLOW_POSTGRES="psycopg2-binary==2.9.11"
