#!/bin/sh
# What is installed is enough for others: with pkg-config alone, a C and a C++ program outside the
# tree build against it and run, and the installed programs start.
# usage: install.sh BUILD_FOLDER PREFIX (from the repository's root)
set -e
stage=$1/install-test
rm -rf "$stage"
meson install -C "$1" --no-rebuild --destdir "$stage" >/dev/null
prefix=$stage$2
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name prefdissect.pc)")
export PKG_CONFIG_PATH
flags=$(pkg-config --define-variable=prefix="$prefix" --cflags --libs prefdissect)
library=$(dirname "$PKG_CONFIG_PATH")
export LD_LIBRARY_PATH="$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -n "$(find "$library" -name 'libprefdissect.so.0')" ]

cp examples/first-fit.c examples/taste.csv "$stage"
cd "$stage"
# shellcheck disable=SC2086 # a list of flags
{
    cc -std=c11 -Wall -Wextra -Werror first-fit.c $flags -o first-fit
    ./first-fit taste.csv
    if command -v c++ >/dev/null; then
        cp first-fit.c first-fit.cpp
        c++ -std=c++17 -Wall -Wextra -Werror first-fit.cpp $flags -o first-fit-cpp
        ./first-fit-cpp taste.csv
    else
        echo "SKIP C++: no C++ compiler"
    fi
}
for program in "$prefix"/bin/pdx-*; do "$program" --version; done
