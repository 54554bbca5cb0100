"""The shared library exports every function that a public header marks PDX_API, and nothing else.

usage: exports.py LIBRARY HEADER...
"""
import re
import subprocess
import sys

declared = set()
for path in sys.argv[2:]:
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    declared |= set(re.findall(r"^PDX_API\b[^;(]*?\b(pdx_\w+)\s*\(", text, flags=re.M))
symbols = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", sys.argv[1]],
                         capture_output=True, text=True, check=True).stdout
exported = {line.split()[0] for line in symbols.splitlines()}
for name in sorted(declared - exported):
    print("declared but not exported:", name)
for name in sorted(exported - declared):
    print("exported but not declared:", name)
print(len(declared), "functions declared,", len(exported), "symbols exported")
sys.exit(0 if declared and declared == exported else 1)
