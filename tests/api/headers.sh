#!/bin/sh
# Each public header compiles alone and twice, as C11 without extensions and as C++17.
# usage: headers.sh HEADER... (from the repository's root)
status=0
try() {
    for header in $headers; do
        printf '#include <prefdissect/%s>\n#include <prefdissect/%s>\n' "$header" "$header" |
            "$@" -Wall -Wextra -Werror -pedantic-errors -fsyntax-only -I include - || {
            echo "$header: does not compile alone with: $*"
            status=1
        }
    done
}
headers=
for path; do headers="$headers ${path##*/}"; done
try cc -std=c11 -Wstrict-prototypes -x c
if command -v c++ >/dev/null; then try c++ -std=c++17 -x c++; else echo "SKIP C++: no C++ compiler"; fi
exit $status
