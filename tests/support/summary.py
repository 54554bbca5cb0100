"""Reads Meson's test logs and ends with "N passed, N failed, N skipped".

usage: summary.py "STAGES THAT DID NOT BUILD" TESTLOG...

A skip inside a program that otherwise passed (check.h prints "SKIP name: reason") counts as skipped,
too. A stage that did not build, or whose log is absent or empty, counts as one failure.
"""
import json
import os
import sys

passed, failed, skipped = 0, [f"{stage}: did not build" for stage in sys.argv[1].split()], []
for path in sys.argv[2:]:
    stage = path.split("/")[-3]
    tests = [json.loads(line) for line in open(path)] if os.path.exists(path) else []
    if not tests and f"{stage}: did not build" not in failed:
        failed.append(f"{stage}: no test ran")
    for test in tests:
        name = f"{stage}: {test['name'].split(' / ')[-1]}"
        lines = (test.get("stdout") or "").splitlines()
        reasons = [line[5:] for line in lines if line.startswith("SKIP ")]
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif test["result"] != "SKIP":
            failed.append(f"{name}: {test['result']}")
            continue
        elif not reasons:
            reasons = ["no reason given"]
        skipped += [f"{name}: {reason}" for reason in reasons]
for line in skipped:
    print("skipped", line)
for line in failed:
    print("FAILED", line)
print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
sys.exit(1 if failed else 0)
