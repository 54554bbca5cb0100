"""Files as arrays of a C source: embed.py HEADER NAME=FILE[.gz]... > OUT.c

HEADER (an include path) declares `const unsigned char NAME[]` and `const size_t NAME_size`. With
".gz" behind its name a file is stored compressed, without a time, so that the same file gives the
same bytes. NAME= alone is an empty array: what this build lacks.
"""

import gzip
import sys
from pathlib import Path


def array(name: str, path: str) -> str:
    """One file as two definitions."""
    packed = path.endswith(".gz")
    data = Path(path.removesuffix(".gz")).read_bytes() if path else b""
    if packed:
        data = gzip.compress(data, 9, mtime=0)
    rows = [",".join(map(str, data[i : i + 32])) for i in range(0, len(data), 32)] or ["0"]
    return (
        f"const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "};\n"
        f"const size_t {name}_size = {len(data)};\n"
    )


print(f'#include "{sys.argv[1]}"\n')
for argument in sys.argv[2:]:
    print(array(*argument.split("=", 1)))
