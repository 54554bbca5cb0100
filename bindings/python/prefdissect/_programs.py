"""Starts the pdx-* programs that wheels carry; each has an entry of its own."""
import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes the program of the name that it was called by."""
    name = Path(sys.argv[0]).name
    program = Path(__file__).resolve().parent / "bin" / name
    if not program.exists():
        raise SystemExit(f"{name}: this installation has no such program")
    os.execv(program, [name, *sys.argv[1:]])
