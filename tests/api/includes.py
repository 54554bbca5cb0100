"""Include direction: a folder of src/ sees itself and the folders below it; cuda/ sees only
lm/backend.h; examples/ see only the public headers and their own.

usage: includes.py ROOT
"""
import pathlib
import re
import sys

RANKS = [["core"], ["data"], ["net", "lm", "bayes"], ["annotate", "judge"], ["analysis"], ["probe"],
         ["report"]]
rank = {folder: i for i, folders in enumerate(RANKS) for folder in folders}
root = pathlib.Path(sys.argv[1])
wrong = []


def allowed(file, included):
    folder = file.relative_to(root).parts[1] if file.is_relative_to(root / "src") else None
    if (file.parent / included).exists() and "/" not in included:
        return True
    if folder is None:
        return file.is_relative_to(root / "cuda") and included == "lm/backend.h"
    if not (root / "src" / included).exists():
        return False
    other = included.split("/")[0]
    return other == folder or rank.get(other, 99) < rank.get(folder, -1)


files = [f for top in ("src", "cuda", "examples") for f in sorted((root / top).rglob("*"))
         if f.suffix in (".c", ".h", ".cu", ".cuh")]
for file in files:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match and not allowed(file, match[1]):
            wrong.append(f"{file.relative_to(root)}:{number}: must not include \"{match[1]}\"")
for folder in sorted(p.name for p in (root / "src").iterdir() if p.is_dir()):
    if folder not in rank:
        wrong.append(f"src/{folder} has no place in RANKS")
print("\n".join(wrong) if wrong else f"{len(files)} files")
sys.exit(1 if wrong else 0)
