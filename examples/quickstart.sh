#!/bin/sh
# The main job from a fresh clone: sets up what is missing (Debian 12), builds, runs pdx-quickstart.
# Arguments are handed on: sh examples/quickstart.sh --help
set -e
cd "$(dirname "$0")/.."
. examples/setup.sh
want_build
install_missing
[ -f build/build.ninja ] || meson setup build -Dtests=false >&2
ninja -C build examples/pdx-quickstart >&2
exec build/examples/pdx-quickstart "$@"
