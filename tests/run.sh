#!/bin/sh
# Everything that a plain machine can run: sets up what is missing (Debian 12), builds three times
# (release; address and undefined sanitizers; thread sanitizer), runs the tests of each, and ends
# with "N passed, N failed, N skipped", counted from Meson's logs. Status 0 only if nothing failed.
#   sh tests/run.sh            all of it, in build-test/
#   sh tests/run.sh release    one or more of: release address thread
cd "$(dirname "$0")/.." || exit 1
. examples/setup.sh

want_build
install_missing || exit 1
# Checks that need more are skipped by name where these cannot be had.
want g++ command -v c++
want clang-format-14 command -v clang-format-14
want gcc-aarch64-linux-gnu command -v aarch64-linux-gnu-gcc
want libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdlib.h
want clang command -v clang
want lld command -v wasm-ld
want wasi-libc test -e /usr/include/wasm32-wasi/stdlib.h
want libclang-rt-14-dev-wasm32 \
    sh -c 'test -e /usr/lib/llvm-14/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a'
want nodejs command -v node
want chromium command -v chromium
want python3-pip python3 -m pip --version
want nginx-light test -x /usr/sbin/nginx
want openssl command -v openssl
want python3-numpy /usr/bin/python3 -c 'import numpy'
install_missing || echo "going on without them" >&2
if fetch_model build-test/model; then PDX_SMOLLM2=$PWD/$model; export PDX_SMOLLM2; fi

logs=
broken=

# stage NAME "SETUP OPTIONS" "TEST OPTIONS"
stage() {
    dir=build-test/$1
    echo "== $1"
    logs="$logs $dir/meson-logs/testlog.json"
    rm -f "$dir/meson-logs/testlog.json"
    if [ ! -f "$dir/build.ninja" ]; then
        rm -rf "$dir"
        # shellcheck disable=SC2086 # lists of options
        meson setup "$dir" $2 >"$1.log" 2>&1 || { cat "$1.log"; rm -f "$1.log"; broken="$broken $1"; return; }
        rm -f "$1.log"
    fi
    if ! ninja -C "$dir" >"$dir/build.log" 2>&1; then
        grep -v '^\[' "$dir/build.log"
        broken="$broken $1"
        return
    fi
    # shellcheck disable=SC2086
    meson test -C "$dir" --no-rebuild --print-errorlogs $3
}

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1
for name in ${*:-release address thread}; do
    case $name in
    release) stage release "" "" ;;
    address)
        stage address "-Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Dcuda=disabled" \
            "-t 5 --suite unit --suite api --suite programs --suite fuzz"
        ;;
    # OpenBLAS is not instrumented and brings threads of its own: plain loops here.
    thread)
        stage thread "-Dbuildtype=debugoptimized -Db_sanitize=thread -Dblas=disabled -Dcuda=disabled" \
            "-t 5 --suite threads"
        ;;
    *) echo "unknown stage '$name'" >&2; exit 2 ;;
    esac
done

# shellcheck disable=SC2086
python3 tests/support/summary.py "$broken" $logs
