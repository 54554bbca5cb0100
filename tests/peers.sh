#!/bin/sh
# The library beside its peers on this machine, by hand: takes minutes to set up (llama.cpp is
# compiled) and is no part of tests/run.sh.
#   sh tests/peers.sh [PAIRS.jsonl] [COUNT]
# PEERS_PYTHON: a Python that has llama-cpp-python (and torch, transformers); without it, one is made
# in build-test/peers.
set -e
cd "$(dirname "$0")/.."
. examples/setup.sh
want_build
want python3-pip python3 -m pip --version
install_missing
pairs=${1:-examples/data/arena.jsonl}
count=${2:-40}
[ -f build/build.ninja ] || meson setup build -Dtests=false >&2
ninja -C build examples/pdx-judge >&2
fetch_model build/model
python=$PEERS_PYTHON
if [ -z "$python" ]; then
    python=build-test/peers/bin/python
    if [ ! -x "$python" ]; then
        python3 -m venv build-test/peers
        "$python" -m pip install -q llama-cpp-python==0.3.36 torch transformers accelerate gguf numpy
    fi
fi
"$python" tests/peers/local_judge.py build/examples/pdx-judge "$model" "$pairs" "$count"
