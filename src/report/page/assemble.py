"""Turns page.html, the style and the scripts of this folder into a C array of text parts.

usage: assemble.py OUTPUT.c PAGE.html STYLE.css SCRIPT.js...

page.html holds the words STYLE, SCRIPT and POLICY in double braces, which are filled here (the
policy allows this style and this script by their hashes), and names of slots in double braces, which
are filled when a report is saved (html.c).
"""
import base64
import hashlib
import pathlib
import re
import sys


def source_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def literal(text):
    """C string literals, one a line of the text; a trigraph or a long number cannot arise."""
    lines = text.splitlines(keepends=True) or [""]
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
               .replace("?", "\\?") for line in lines)
    return "\n".join(f'    "{line}"' for line in escaped)


def main():
    output, page, style, *scripts = map(pathlib.Path, sys.argv[1:])
    css = "\n" + style.read_text(encoding="utf-8")
    js = "\n(() => {\n'use strict';\n" + "".join(s.read_text(encoding="utf-8") for s in scripts)
    js += "})();\n"
    for name, text in (("style", css), ("script", js)):
        if "</" + name in text.lower() or "<!--" in text:
            sys.exit(f"assemble.py: the {name} would end its element")
    policy = ("default-src 'none'; script-src " + source_hash(js) + " 'wasm-unsafe-eval'; style-src "
              + source_hash(css) + "; img-src data:; base-uri 'none'; form-action 'none'")
    text = page.read_text(encoding="utf-8")
    for slot, value in (("POLICY", policy), ("STYLE", css), ("SCRIPT", js)):
        if text.count("{{" + slot + "}}") != 1:
            sys.exit(f"assemble.py: {page} needs one slot {slot}")
        text = text.replace("{{" + slot + "}}", value)
    first, *rest = re.split(r"\{\{([a-z_]+)\}\}", text)
    parts = [("", first)] + list(zip(rest[0::2], rest[1::2]))
    rows = ",\n".join(f'    {{"{slot}",\n{literal(value)}}}' for slot, value in parts)
    output.write_text(f"/* Made by {pathlib.Path(__file__).name} of the files beside it. */\n"
                      '#include "report/page.h"\n\n'
                      f"const pdx__page_part pdx__page[] = {{\n{rows},\n    {{0, 0}}}};\n",
                      encoding="utf-8")


main()
