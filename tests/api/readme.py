"""The C program in the README is examples/first-fit.c, word for word.

usage: readme.py README FIRST_FIT
"""
import re
import sys

readme, program = (open(path).read() for path in sys.argv[1:3])
blocks = re.findall(r"^```c\n(.*?)^```$", readme, flags=re.S | re.M)
program = program[program.index("#include"):]
if blocks != [program]:
    sys.exit(f"README.md: expected one block of C, equal to {sys.argv[2]}")
