#!/bin/sh
# The sources that a 64-bit ARM machine would get compile for it, without BLAS.
# usage: aarch64.sh FOLDER FILE... (from the repository's root; FOLDER is for scratch)
gcc=aarch64-linux-gnu-gcc
if ! echo '#include <stdlib.h>' | $gcc -E - >/dev/null 2>&1; then
    echo "SKIP aarch64: no cross compiler"
    exit 77
fi
scratch=$1
shift
# Only these headers, not the rest of this machine's.
rm -rf "$scratch"
mkdir -p "$scratch"
for header in cjson/cJSON.h curl/curl.h pcre2.h utf8proc.h; do
    found=$(printf '#include <%s>\n' "$header" | cc -DPCRE2_CODE_UNIT_WIDTH=8 -M -E - | tr ' ' '\n' |
        grep -m 1 "/$header\$")
    case $header in
    */*) ln -sfn "${found%/*}" "$scratch/${header%/*}" ;;
    *) ln -sf "$found" "$scratch/$header" ;;
    esac
done
status=0
for file; do
    $gcc -std=gnu11 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -I include -I src -I "$scratch" \
        "$file" || status=1
done
exit $status
