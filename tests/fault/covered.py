"""Every public function that returns a pdx_status is called in the test of failing allocations.

usage: covered.py FOLDER HEADER...
"""
import pathlib
import re
import sys

test = "".join(path.read_text() for path in pathlib.Path(sys.argv[1]).glob("*.c"))
missing = []
for path in sys.argv[2:]:
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    for name in re.findall(r"^PDX_API\s+pdx_status\s+(pdx_\w+)\s*\(", text, flags=re.M):
        if not re.search(rf"\b{name}\(", test):
            missing.append(name)
for name in missing:
    print("no allocation of it is made to fail:", name)
sys.exit(1 if missing else 0)
