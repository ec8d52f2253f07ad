# shellcheck shell=bash
# The environment of processes that train. To be sourced.

# oneDNN keeps the kernels of 1024 shapes otherwise, and batches of mixed lengths have ever new ones.
# The worker's image sets the same.
export ONEDNN_PRIMITIVE_CACHE_CAPACITY=${ONEDNN_PRIMITIVE_CACHE_CAPACITY:-64}
# A step frees some hundred MB and takes them again. By default glibc gives them to the kernel in between, and
# the next step waits for its pages. So keep up to 4 GB (a pad of 64 MB keeps the heaps of threads), in two
# arenas at most, or every thread that once trained could keep its own; and ask for huge pages. glibc alone
# reads it. The worker's image sets the same.
export GLIBC_TUNABLES=${GLIBC_TUNABLES-glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864:glibc.malloc.trim_threshold=4294967296:glibc.malloc.mmap_threshold=33554432:glibc.malloc.arena_max=2}
# DJL reports its use otherwise. `buttress` tells it not to; a benchmark that calls single classes does not.
export OPT_OUT_TRACKING=${OPT_OUT_TRACKING:-true}
