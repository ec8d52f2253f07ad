# shellcheck shell=bash
# The environment of processes that train; the image has the same. To be sourced.

# oneDNN keeps the kernels of 1024 shapes otherwise, and batches of mixed lengths have ever new ones.
export ONEDNN_PRIMITIVE_CACHE_CAPACITY=${ONEDNN_PRIMITIVE_CACHE_CAPACITY:-64}
# DJL reports its use otherwise.
export OPT_OUT_TRACKING=${OPT_OUT_TRACKING:-true}
