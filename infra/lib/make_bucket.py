"""Makes a bucket unless it is there: make_bucket.py NAME."""


import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client(
    "s3",
    endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"],
    config=Config(proxies={}, retries={"max_attempts": 2}),
)
try:
    s3.head_bucket(Bucket=sys.argv[1])
except ClientError as e:
    if e.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
        raise
    s3.create_bucket(Bucket=sys.argv[1])
