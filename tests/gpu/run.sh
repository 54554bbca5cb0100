#!/bin/sh
# What only a device can show about the CUDA backend, in one table: the backend's operations against
# double-precision loops, small models against transformers, compute-sanitizer on small shapes, and
# the speed beside a large product and beside transformers.
#   sh tests/gpu/run.sh          builds, then checks on this machine's device
#   sh tests/gpu/run.sh build    builds only, into build-gpu/: needs nvcc, no device
#   sh tests/gpu/run.sh check    checks only, with what lies in build-gpu/: needs a device, CUDA's
#                                libraries and nothing else (the other libraries are copied there)
# PAIRS (24) and BATCH (8192 tokens) set the benchmark's size; its model, Llama-2-7B's shape with
# random weights, is written to MODEL (13.5 GB, /tmp/pdx-llama-2-7b). Status 0 only if nothing failed.
cd "$(dirname "$0")/../.." || exit 1
out=build-gpu

build() {
    command -v nvcc >/dev/null || test -x /usr/local/cuda/bin/nvcc ||
        { echo "SKIP gpu: no nvcc"; exit 77; }
    [ -f $out/build.ninja ] || meson setup $out -Dcuda=enabled -Dblas=disabled >$out.log 2>&1 ||
        { cat $out.log; exit 1; }
    rm -f $out.log
    ninja -C $out cuda/libprefdissect_cuda.so tests/backend/test-backend-cuda \
        tests/bench/bench-local-judge || exit 1
    mkdir -p $out/lib
    for program in tests/backend/test-backend-cuda tests/bench/bench-local-judge; do
        cp $out/$program $out/lib/
        ldd $out/$program | sed -n 's/.*=> \(.*lib\(cjson\|pcre2\|utf8proc\|curl\)[^ ]*\) .*/\1/p'
    done | sort -u | xargs -r cp -L -t $out/lib
    cp $out/cuda/libprefdissect_cuda.so $out/lib/
    cp ../shared/data/smollm2/reference.jsonl $out/lib/prompts.jsonl 2>/dev/null ||
        echo "no recorded prompts: the benchmark will be skipped"
}

failed=0

# row NAME STATUS WHAT
row() {
    printf '%-34s %-7s %s\n' "$1" "$2" "$3" | tee -a $out/table
    [ "$2" != FAILED ] || failed=1
}

# run NAME COMMAND...: its last line goes into the table.
run() {
    name=$1
    shift
    "$@" >$out/log 2>&1
    case $? in
    0) row "$name" ok "$(tail -1 $out/log)" ;;
    77) row "$name" skipped "$(grep SKIP $out/log | tail -1)" ;;
    *) row "$name" FAILED "$(tail -1 $out/log)" && cat $out/log ;;
    esac
}

check() {
    : >$out/table
    export LD_LIBRARY_PATH="$PWD/$out/lib:/usr/local/cuda/lib64:$LD_LIBRARY_PATH"
    export PREFDISSECT_CUDA_MODULE="$PWD/$out/lib/libprefdissect_cuda.so"
    $out/lib/test-backend-cuda none >$out/log 2>&1
    [ $? != 77 ] || { cat $out/log; exit 77; }
    row device - "$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1 | head -1)"
    run "operations and small models" $out/lib/test-backend-cuda
    for tool in memcheck racecheck; do
        if command -v compute-sanitizer >/dev/null; then
            run "compute-sanitizer $tool" compute-sanitizer --tool $tool --error-exitcode 1 \
                $out/lib/test-backend-cuda table
        else row "compute-sanitizer $tool" skipped "not installed"; fi
    done
    model=${MODEL:-/tmp/pdx-llama-2-7b}
    if [ ! -f "$model/done" ]; then
        $out/lib/bench-local-judge --make "$model" && touch "$model/done"
    fi
    run "local judge, Llama-2-7B shape" $out/lib/bench-local-judge --backend cuda --model "$model" \
        --pairs "${PAIRS:-24}" --batch "${BATCH:-8192}" --prompts $out/lib/prompts.jsonl
    run "transformers, the same prompts" python3 tests/gpu/peer.py $out/lib/prompts.jsonl \
        "${PAIRS:-24}"
    echo
    cat $out/table
}

case ${1:-all} in
build) build ;;
check) check ;;
all) build && check ;;
*) sed -n '2,12p' "$0"; exit 2 ;;
esac
exit $failed
