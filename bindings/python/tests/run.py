"""Runs one test module, and names what was skipped as tests/support/summary.py wants it.

usage: run.py MODULE
"""
import importlib.util
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

if importlib.util.find_spec("numpy") is None:
    print(f"SKIP python {sys.argv[1]}: numpy is absent")
    sys.exit(77)

result = unittest.TextTestRunner(sys.stdout).run(unittest.defaultTestLoader.loadTestsFromName(
    sys.argv[1]))
for test, reason in result.skipped:
    print(f"SKIP {test.id()}: {reason}")
sys.exit(not result.wasSuccessful())
