# shellcheck shell=bash
# The environment of processes that train. To be sourced.

# oneDNN keeps the kernels of 1024 shapes otherwise, and batches of mixed lengths have ever new ones.
# The worker's image sets the same.
export ONEDNN_PRIMITIVE_CACHE_CAPACITY=${ONEDNN_PRIMITIVE_CACHE_CAPACITY:-64}
# DJL reports its use otherwise. `buttress` tells it not to; a benchmark that calls single classes does not.
export OPT_OUT_TRACKING=${OPT_OUT_TRACKING:-true}
