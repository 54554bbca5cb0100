"""Runs one test module, and names what was skipped as tests/support/summary.py wants it.

usage: run.py MODULE
"""
import importlib.util
import os
import sys
import unittest


def main(module):
    """The exit status."""
    if importlib.util.find_spec("numpy") is None:
        print(f"SKIP python {module}: numpy is absent")
        return 77
    result = unittest.TextTestRunner(sys.stdout).run(
        unittest.defaultTestLoader.loadTestsFromName(module))
    for test, reason in result.skipped:
        print(f"SKIP {test.id()}: {reason}")
    return int(not result.wasSuccessful())


HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

if __name__ == "__main__":  # workers of the tests import this file
    sys.exit(main(sys.argv[1]))
