#!/bin/sh
# The library beside its peers on this machine, by hand: takes minutes to set up (llama.cpp is
# compiled) and is no part of tests/run.sh.
#   sh tests/peers.sh [local|http|annotate|benchmark|interventions] [PAIRS.jsonl] [COUNT]
# local (default; 40 pairs): the local judge beside llama.cpp and transformers, speed and agreement.
# http (200 pairs): the judge over HTTP on llama-cpp-python's server, through completions and chat,
#   beside the same model in process.
# annotate (20 pairs): every stage of annotation on that server.
# benchmark (40 queries): answers that please a judge, by llama-cpp-python's server, and what they win.
# interventions (../shared/data/llmbar, 100 pairs): what edits do to the local judge. Asks no peer.
# PEERS_PYTHON: a Python that has llama-cpp-python[server] (local: and torch, transformers); without
# it, one is made in build-test/peers. llama.cpp is built with this processor's vector instructions
# but not natively (GGML_NATIVE=OFF), for its AMX path crashes on some virtual machines.
set -e
cd "$(dirname "$0")/.."
. examples/setup.sh
what=local
case $1 in local|http|annotate|benchmark|interventions) what=$1; shift ;; esac
want_build
want python3-pip python3 -m pip --version
install_missing
pairs=${1:-examples/data/arena.jsonl}
[ -f build/build.ninja ] || meson setup build -Dtests=false >&2
ninja -C build examples/pdx-judge examples/pdx-annotate examples/pdx-fit examples/pdx-probe >&2
fetch_model build/model
if [ $what = interventions ]; then
    exec python3 tests/peers/interventions.py "$PWD/build/examples" "$model" \
        "${1:-../shared/data/llmbar/pairs.jsonl}" build-test/interventions
fi
python=$PEERS_PYTHON
if [ -z "$python" ]; then
    python=build-test/peers/bin/python
    [ -x "$python" ] || python3 -m venv build-test/peers
    flags="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON"
    for feature in AVX512F:AVX512 AVX512_VNNI:AVX512_VNNI AVX512_BF16:AVX512_BF16 AVX512VBMI:AVX512_VBMI; do
        if grep -qiw "${feature%:*}" /proc/cpuinfo; then flags="$flags -DGGML_${feature#*:}=ON"; fi
    done
    CMAKE_ARGS=$flags "$python" -m pip install -q 'llama-cpp-python[server]==0.3.36' numpy
    if [ $what = local ]; then "$python" -m pip install -q torch transformers accelerate gguf; fi
fi
case $what in
http)
    "$python" tests/peers/http_judge.py build/examples/pdx-judge "$model" "$pairs" "${2:-200}" \
        build-test/peers-http
    ;;
annotate)
    "$python" tests/peers/annotate.py build/examples/pdx-annotate "$model" "$pairs" "${2:-20}" \
        build-test/peers-annotate
    ;;
benchmark)
    "$python" tests/peers/benchmark.py "$PWD/build/examples" "$model" "$pairs" "${2:-40}" \
        build-test/peers-benchmark
    ;;
*) "$python" tests/peers/local_judge.py build/examples/pdx-judge "$model" "$pairs" "${2:-40}" ;;
esac
