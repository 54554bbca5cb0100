#!/usr/bin/env python3
"""Generates prefdissect/_api.py, the ctypes declarations, from the C headers.

    gen_api.py            writes prefdissect/_api.py (run it after changing a public header)
    gen_api.py --print    prints what it would write
    gen_api.py --layout   prints a C program that tells the size and offsets of every struct

It reads what `cc -E` makes of the umbrella header, so it needs plain headers: one declaration a
statement, explicit enum values. What it does not understand it refuses, by name.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.normpath(os.path.join(HERE, "..", "..", "include"))
TARGET = os.path.join(HERE, "prefdissect", "_api.py")
WIDTH = 100

SCALARS = {
    "double": ("c_double", "float"), "size_t": ("c_size_t", "int"), "char": ("c_char", "bytes"),
    **{f"{u}int{n}_t": (f"c_{u}int{n}", "int") for u in ("", "u") for n in (8, 16, 32, 64)},
}
EXPORT = '__attribute__((visibility("default")))'


def declarations():
    """Statements of our own headers, on one line each, and the integer macros."""
    header = os.path.join(INCLUDE, "prefdissect", "prefdissect.h")
    command = os.environ.get("CC", "cc").split() + ["-E", "-dD", "-I", INCLUDE, header]
    source = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ours, kept, macros = False, [], {}
    for line in source.splitlines():
        marker = re.match(r'#\s*\d+ "(.*?)"', line)
        if marker:
            ours = os.path.normpath(marker[1]).startswith(INCLUDE + os.sep)
        elif ours:
            macro = re.match(r"#define (PDX_\w+) (-?\d+)$", line)
            if macro:
                macros[macro[1]] = int(macro[2])
            elif not line.startswith("#"):
                kept.append(line)
    text = re.sub(r"\s+", " ", " ".join(kept))
    statements, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == ";" and depth == 0:
            statements.append(text[start:i].strip())
            start = i + 1
    if depth or text[start:].strip():
        raise SystemExit(f"gen_api.py: left over: {text[start:]!r}")
    return statements, macros


class Api:
    """What the headers declare: constants, structs, callbacks, functions, in their order."""

    def __init__(self):
        statements, self.constants = declarations()
        self.aliases, self.opaque, self.structs, self.callbacks, self.functions = {}, [], {}, {}, {}
        self.types = []  # structs and callbacks as they follow one another
        for statement in statements:
            self.read(statement)

    def read(self, statement):
        if match := re.fullmatch(r"enum \{(.*)\}", statement):
            for entry in filter(None, map(str.strip, match[1].split(","))):
                name, value = re.fullmatch(r"(\w+) = (-?\d+)", entry).groups()
                self.constants[name] = int(value)
        elif match := re.fullmatch(r"typedef struct (\w+) \1", statement):
            self.opaque.append(match[1])
        elif match := re.fullmatch(r"typedef struct (\w+) \{(.*)\} \1", statement):
            self.structs[match[1]] = [
                pair for line in filter(None, map(str.strip, match[2].split(";")))
                for pair in self.fields(line)]
            self.types.append(match[1])
        elif match := re.fullmatch(r"typedef (.+?)\(\*(\w+)\)\((.*)\)", statement):
            self.callbacks[match[2]] = self.signature(match[1], match[3])
            self.types.append(match[2])
        elif match := re.fullmatch(r"typedef (\w+) (\w+)", statement):
            self.aliases[match[2]] = match[1]
        elif statement.startswith(EXPORT):
            match = re.fullmatch(r"(.+?[ *])(\w+)\((.*)\)", statement[len(EXPORT):].strip())
            self.functions[match[2]] = self.signature(match[1], match[3])
        else:
            raise SystemExit(f"gen_api.py: cannot read {statement!r}")

    def signature(self, result, arguments):
        parts = [] if arguments.strip() == "void" else arguments.split(",")
        return self.ctype(result), [self.ctype(self.declarator(part)[1]) for part in parts]

    @staticmethod
    def declarator(text):
        """`const double x[30]` -> ("x", "const double *")."""
        match = re.fullmatch(r"(.+?[ *])(\w+)(\[\d*\])?", text.strip())
        return match[2], match[1] + ("*" if match[3] else "")

    def fields(self, line):
        """`int32_t a, b` -> (a, type), (b, type); arrays and pointers stand alone."""
        first, *rest = line.split(",")
        name, kind = self.declarator(first)
        if "[" in line or (rest and "*" in line):
            raise SystemExit(f"gen_api.py: one array or pointer a line, please: {line!r}")
        return [(name, kind)] + [(other.strip(), kind) for other in rest]

    def ctype(self, text):
        """The ctypes spelling of a C type without its name."""
        stars = text.count("*")
        base = re.sub(r"\bconst\b|\bstruct\b|\*", " ", text).split()
        constant = "const" in text.split("*")[0].split()
        if len(base) != 1:
            raise SystemExit(f"gen_api.py: cannot read the type {text!r}")
        name = self.aliases.get(base[0], base[0])
        if name == "void":
            spelled, stars = ("c_void_p", stars - 1) if stars else ("None", 0)
        elif name == "char" and stars and constant:
            spelled, stars = "c_char_p", stars - 1
        elif name in SCALARS:
            spelled = SCALARS[name][0]
        elif name in self.opaque or name in self.structs or name in self.callbacks:
            spelled = name
        else:
            raise SystemExit(f"gen_api.py: unknown type {name!r}")
        return "POINTER(" * stars + spelled + ")" * stars

    def annotation(self, ctype):
        """How a field of that ctypes type looks to a reader of Python."""
        scalars = dict(SCALARS.values())
        if ctype == "c_char_p":
            return "bytes | None"
        return scalars.get(ctype, ctype if ctype in self.structs else "Any")

    def python(self):
        out = ['"""The C interface, for ctypes. Generated from include/prefdissect by gen_api.py: '
               'do not edit."""',
               "# mypy: disable-error-code=\"assignment\"",
               "from __future__ import annotations", "",
               "from ctypes import (", "    CFUNCTYPE,", "    POINTER,", "    Structure,"]
        body = []
        body += [f"{name} = {value}" for name, value in self.constants.items()]
        body += ["", "",
                 "class Struct(Structure):",
                 '    """A C struct that shows its fields."""', "",
                 "    def __repr__(self) -> str:",
                 '        values = ", ".join(f"{name}={getattr(self, name)!r}" '
                 "for name, *_ in self._fields_)",
                 '        return f"{type(self).__name__}({values})"']
        for name in self.opaque:
            body += ["", "", f"class {name}(Structure):", '    """Opaque: only handled by pointer."""']
        for name in self.types:
            if name in self.callbacks:
                result, arguments = self.callbacks[name]
                body += ["", "", f"{name} = CFUNCTYPE({', '.join([result] + arguments)})"]
                continue
            body += ["", "", f"class {name}(Struct):"]
            fields = [(field, self.ctype(kind)) for field, kind in self.structs[name]]
            body += [f"    {field}: {self.annotation(ctype)}" for field, ctype in fields]
            body += ["    _fields_ = ["]
            body += [f'        ("{field}", {ctype}),' for field, ctype in fields]
            body += ["    ]"]
        body += ["", "",
                 "# Name of a function: what it returns, what it takes.",
                 "FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {"]
        for name, (result, arguments) in self.functions.items():
            line = f'    "{name}": ({result}, [{", ".join(arguments)}]),'
            if len(line) > WIDTH:
                line = f'    "{name}": (\n        {result},\n        [\n' + "".join(
                    f"            {argument},\n" for argument in arguments) + "        ],\n    ),"
            body += [line]
        body += ["}"]
        used = set(re.findall(r"\bc_\w+", "\n".join(body)))
        return "\n".join(out + [f"    {name}," for name in sorted(used)] +
                         [")", "from typing import Any", ""] + body) + "\n"

    def layout(self):
        """A C program that prints "struct size" and "struct.field offset" lines."""
        lines = ["#include <prefdissect/prefdissect.h>", "#include <stdio.h>", "int main(void) {"]
        for name, fields in self.structs.items():
            lines += [f'    printf("{name} %zu\\n", sizeof({name}));']
            lines += [f'    printf("{name}.{field} %zu\\n", offsetof({name}, {field}));'
                      for field, _ in fields]
        return "\n".join(lines + ["    return 0;", "}"]) + "\n"


def main(arguments):
    api = Api()
    if arguments == ["--layout"]:
        sys.stdout.write(api.layout())
    elif arguments == ["--print"]:
        sys.stdout.write(api.python())
    elif not arguments:
        with open(TARGET, "w", encoding="utf-8") as file:
            file.write(api.python())
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
