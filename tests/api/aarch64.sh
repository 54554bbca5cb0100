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
# Only these headers of the packages, not the rest of this machine's.
mkdir -p "$scratch/cjson"
ln -sfn "$(dirname "$(echo '#include <curl/curl.h>' | cc -M -E - | tr ' ' '\n' | grep -m1 '/curl/curl.h$')")" "$scratch/curl"
for header in cjson/cJSON.h pcre2.h utf8proc.h; do
    found=$(printf '#include <%s>\n' "$header" | cc -DPCRE2_CODE_UNIT_WIDTH=8 -M -E - | tr ' ' '\n' | grep "/$header\$")
    ln -sf "$found" "$scratch/$header"
done
status=0
for file; do
    $gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Wno-maybe-uninitialized -Werror -I include -I src -I "$scratch" \
        -c "$file" -o "$scratch/object.o" || status=1
done
exit $status
