"""Each options struct of the public headers starts with its size, and its table has one row for each
other field, in place: rows tile the struct with no gap but what alignment asks for.

usage: options.py PRINTER HEADER...
"""
import collections
import re
import subprocess
import sys

sizes, rows = {}, collections.defaultdict(list)
printed = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout
for line in printed.splitlines():
    name, *words = line.split()
    if len(words) == 1:
        sizes[name] = int(words[0])
    else:
        rows[name].append((int(words[1]), words[0], int(words[2]), int(words[3])))

wrong = []
declared = {}
for path in sys.argv[2:]:
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    for body, name in re.findall(r"typedef struct \w+_options \{(.*?)\} (\w+_options);", text, re.S):
        declared[name] = [re.findall(r"\w+", field)[-1]
                          for field in re.split("[;,]", body) if field.strip()]
if declared.keys() != sizes.keys():
    wrong.append(f"the headers have {sorted(declared)}, options.c has {sorted(sizes)}")
for name in declared.keys() & sizes.keys():
    table = sorted(rows[name])
    if declared[name] != ["size"] + [row[1] for row in table]:
        wrong.append(f"{name}: fields {declared[name]}, rows {[row[1] for row in table]}")
    end, align = 4, 4
    for offset, field, size, alignment in table:
        if offset != -(-end // alignment) * alignment:
            wrong.append(f"{name}.{field}: at {offset}, the field before it ends at {end}")
        end, align = offset + size, max(align, alignment)
    if -(-end // align) * align != sizes[name]:
        wrong.append(f"{name}: rows end at {end}, the struct at {sizes[name]}")
print("\n".join(wrong) if wrong else f"{len(sizes)} tables")
sys.exit(1 if wrong or not sizes else 0)
