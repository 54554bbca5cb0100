"""What the READMEs say: the C program in README.md is examples/first-fit.c, word for word, and the map
in src/README.md names every source file, and no other.

usage: readme.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
wrong = []
program = (root / "examples/first-fit.c").read_text()
blocks = re.findall(r"^```c\n(.*?)^```$", (root / "README.md").read_text(), flags=re.S | re.M)
if blocks != [program[program.index("#include"):]]:
    wrong.append("README.md: expected one block of C, equal to examples/first-fit.c")

folder, named = "", set()
for row in re.findall(r"^\|(.*)\|$", (root / "src/README.md").read_text(), flags=re.M)[2:]:
    cells = [cell.strip() for cell in row.split("|")]
    folder = cells[0] or folder
    named |= {f"{folder}/{name}" for name in re.findall(r"\w+\.c\b", cells[3])}
there = {str(path.relative_to(root / "src")) for path in (root / "src").rglob("*.c")}
wrong += [f"src/README.md: no row names {name}" for name in sorted(there - named)]
wrong += [f"src/README.md: there is no {name}" for name in sorted(named - there)]
print("\n".join(wrong) if wrong else f"{len(there)} files in the map")
sys.exit(1 if wrong else 0)
