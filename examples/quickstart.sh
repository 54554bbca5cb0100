#!/bin/sh
# The main job from a fresh clone: sets up what is missing (Debian 12), builds, lets a small language
# model judge the arena of examples/data in both orders on the CPU, and shows what it prefers. Where
# the model cannot be had, a simulated arena takes its place.
#   sh examples/quickstart.sh                   the main job
#   sh examples/quickstart.sh --pairs F ...     pdx-quickstart on your own files (see --help)
set -e
cd "$(dirname "$0")/.."
. examples/setup.sh
want_build
install_missing
[ -f build/build.ninja ] || meson setup build -Dtests=false >&2
ninja -C build examples/pdx-quickstart examples/pdx-judge >&2
[ $# -eq 0 ] || exec build/examples/pdx-quickstart "$@"
want python3-pip python3 -m pip --version
install_missing || true
if ! fetch_model build/model; then
    echo "the model cannot be had here; a simulated arena instead" >&2
    exec build/examples/pdx-quickstart
fi
pairs=examples/data/arena.jsonl
mkdir -p quickstart-out
build/examples/pdx-judge local --model "$model" --name SmolLM2-135M --pairs $pairs \
    -o quickstart-out/judgments.jsonl
exec build/examples/pdx-quickstart --pairs $pairs --judgments quickstart-out/judgments.jsonl
