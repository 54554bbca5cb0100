"""How far a benchmark can be moved by pleasing its judge, for real: a small model judges the arena of
examples/data; its tastes are fitted; llama.cpp's server answers 40 queries in three ways (as the judge
likes it, plainly, as it does not like it), asked over HTTP; the same model judges the answers against
the plain ones, in both orders. Prints the table.

usage: benchmark.py PROGRAMS MODEL.gguf PAIRS.jsonl COUNT [FOLDER]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

programs, model, pairs, count = sys.argv[1:5]
folder = pathlib.Path(sys.argv[5] if len(sys.argv) > 5 else tempfile.mkdtemp(prefix="pdx-benchmark-"))
folder.mkdir(parents=True, exist_ok=True)
port = 18000 + os.getpid() % 2000
url = f"http://127.0.0.1:{port}"


def run(program, *arguments):
    print("$", program, *map(str, arguments), file=sys.stderr)
    subprocess.run([os.path.join(programs, program), *map(str, arguments)], check=True)




class Server:
    """llama.cpp's server."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1",
             "--port", str(port), "--n_ctx", "4096", "--n_threads",
             os.environ.get("PEERS_THREADS", "2"), "--verbose", "false"], stdout=open(folder / "server.log", "a"), stderr=subprocess.STDOUT)

    def __enter__(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(url + "/v1/models", timeout=2).read()
                return self
            except OSError:
                time.sleep(1)
        raise SystemExit("the server does not start: see server.log in " + str(folder))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


http = ["--url", url, "--model", "small", "--concurrency", 1, "--timeout", 3600]
if not (folder / "fits.json").exists():
    run("pdx-judge", "local", "--model", model, "--pairs", pairs, "--name", "small", "-o",
        folder / "arena.jsonl")
    run("pdx-fit", "--pairs", pairs, "--judgments", folder / "arena.jsonl", "-o", folder / "fits.json")
run("pdx-probe", "arms", "--fits", folder / "fits.json", "-o", folder / "chosen")
arms = json.loads((folder / "chosen" / "arms.json").read_text())
arms["arms"] = [arm for arm in arms["arms"] if arm["name"] != "random"]
(folder / "arms.json").write_text(json.dumps(arms))
with Server():
    run("pdx-probe", "arms", "--arms", folder / "arms.json", "--pairs", pairs, "--limit", count, *http,
        "--temperature", 0, "--max-output", os.environ.get("PEERS_MAX_OUTPUT", 160), "--baseline",
        "plain", "-o", folder / "arms")
run("pdx-probe", "judge", "local", "--model", model, "--pairs", folder / "arms" / "pairs.jsonl", "--name",
    "small", "-o", folder / "verdicts.jsonl")
run("pdx-probe", "report", "--pairs", folder / "arms" / "pairs.jsonl", "--judgments",
    folder / "verdicts.jsonl", "--fits", folder / "fits.json", "--plain", "diverge", "--format", "table")
for arm in arms["arms"]:
    print(arm["name"], "asks for:", ", ".join(arm["messages"][0]["properties"]) or "nothing")
