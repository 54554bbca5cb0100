"""Annotation on a real server, llama-cpp-python's: every stage of COUNT pairs, with a very small model.

  annotate.py PDX_ANNOTATE MODEL.gguf|URL PAIRS.jsonl COUNT FOLDER

The pairs with the shortest texts are annotated with the 29 properties; each must have one row in every
stage, and the rows that are good must resolve. Prints what was asked and what came of it. FOLDER keeps
what was answered, so a second call goes on where the first was stopped."""
import collections
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

program, model, pairs_file, count, folder = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5]
STAGES = 7


def shortest():
    with open(pairs_file, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rows.sort(key=lambda row: len(row["query"]) + len(row["response_a"]) + len(row["response_b"]))
    path = os.path.join(folder, "pairs.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for row in rows[:count]:
            row.pop("scenario", None)  # so that it is asked for
            file.write(json.dumps(row) + "\n")
    return path


def start():
    """A server of our own: its address and its process."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with open(os.path.join(folder, "server.log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1", "--port",
             str(port), "--n_ctx", "4096"], stdout=log, stderr=log)
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "/v1/models", timeout=5).close()
            return url, process
        except OSError:
            time.sleep(0.2)
    process.terminate()
    raise SystemExit("the server does not start: see " + log.name)


def annotate(url, pairs):
    out = os.path.join(folder, "annotations.jsonl")
    begun = time.perf_counter()
    done = subprocess.run(
        [program, "run", "--url", url, "--model", "smollm2", "--pairs", pairs, "-o", out, "--concurrency",
         "1", "--idle-timeout", "1200", "--timeout", "1200", "--max-output", "700"],
        capture_output=True, text=True)
    print(done.stderr.strip())
    if done.returncode:
        raise SystemExit(f"pdx-annotate gave {done.returncode}")
    return out, time.perf_counter() - begun


def check(out, pairs):
    with open(pairs, encoding="utf-8") as file:
        ids = {json.loads(line)["id"] for line in file}
    with open(out, encoding="utf-8") as file:  # and what a call with more pairs left
        rows = [row for row in map(json.loads, file) if row["id"] in ids]
    seen = collections.Counter((row["id"], row["stage"]) for row in rows)
    wrong = [key for key, n in seen.items() if n != 1]
    if wrong or len(seen) != STAGES * count:
        raise SystemExit(f"{len(seen)} of {STAGES * count} rows; more than once: {wrong}")
    features = os.path.join(folder, "features.jsonl")
    done = subprocess.run([program, "resolve", "--pairs", pairs, "--annotations", out, "-o", features],
                          capture_output=True, text=True)
    print(done.stderr.strip())
    return done.returncode


os.makedirs(folder, exist_ok=True)
pairs_path = shortest()
server = None
address = model
if not model.startswith("http"):
    address, server = start()
try:
    annotations, seconds = annotate(address, pairs_path)
finally:
    if server:
        server.terminate()
        server.wait()
subprocess.run([program, "status", "--annotations", annotations, "--format", "table"], check=True)
print(f"{count} pairs in {seconds:.0f} s")
sys.exit(check(annotations, pairs_path))
