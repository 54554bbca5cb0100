#!/bin/sh
# Every C file is as clang-format 14 leaves it; run from the repository's root.
#   sh tests/check_format.sh        says which files are not
#   sh tests/check_format.sh fix    rewrites them
for tool in clang-format-14 clang-format; do
    command -v $tool >/dev/null && $tool --version | grep -q 'version 14\.' && break
    tool=
done
[ -n "$tool" ] || { echo "SKIP format: no clang-format 14"; exit 77; }
files=$(find include src examples tests cuda bindings \
    \( -name '*.c' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh' \) 2>/dev/null | sort)
# shellcheck disable=SC2086 # no file name holds a space
if [ "$1" = fix ]; then $tool -i $files; else $tool --dry-run --Werror $files; fi
