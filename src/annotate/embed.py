"""Writes a C file with the prompt files as texts: embed.py OUT FILE..."""
import pathlib
import sys

out = ["/* Made from src/annotate/prompts. */", '#include "annotate/prompts.h"', "",
       "const pdx__prompt_file pdx__prompt_files[] = {"]
for path in map(pathlib.Path, sys.argv[2:]):
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
        lines.append(f'     "{escaped}\\n"')
    out += [f'    {{"{path.name}",', "\n".join(lines) + "},"]
out += ["    {NULL, NULL},", "};", ""]
pathlib.Path(sys.argv[1]).write_text("\n".join(out), encoding="utf-8")
