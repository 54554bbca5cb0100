#!/bin/sh
# `pip install .` in a clean environment gives the whole: package, library, programs. Skips by name
# where the build tools cannot be fetched.
# usage: wheel.sh FOLDER (from the repository's root)
set -e
folder=$1
skip() { echo "SKIP wheel: $1"; exit 77; }
rm -rf "$folder"
python3 -m venv "$folder" 2>/dev/null || skip "no venv"
"$folder/bin/pip" download -q --no-deps -d "$folder/fetched" meson-python >/dev/null 2>&1 ||
    skip "no package index"
"$folder/bin/pip" install -q --disable-pip-version-check . 
cp examples/taste.csv "$folder"
cd "$folder"
unset PREFDISSECT_LIBRARY PYTHONPATH
bin/python - <<'END'
import os
import prefdissect as pdx
package = os.path.dirname(pdx.__file__)
assert pdx.library_path.startswith(package), pdx.library_path
dataset, judgments = pdx.load_table("taste.csv")
print(pdx.Study.fit(dataset, judgments)[0])
END
for program in bin/pdx-*; do "$program" --version; done
bin/pdx-fit --table taste.csv -o fits.json
