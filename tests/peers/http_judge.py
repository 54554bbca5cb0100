"""The judge over HTTP on a real server, llama-cpp-python's, beside the same model in this process.

  http_judge.py PDX_JUDGE MODEL.gguf PAIRS.jsonl COUNT FOLDER

The COUNT pairs with the shortest texts are judged in both orders through completions and through chat;
each log-probability must be that of the model in process to 1e-3. Prints a table. FOLDER keeps what was
answered, so a second call goes on where the first was stopped."""
import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.request

program, model, pairs_file, count, folder = *sys.argv[1:4], int(sys.argv[4]), sys.argv[5]
CONTEXT, TOP, CLOSE = 4096, 20, 1e-3
LABELS = ("A", "B")


def shortest():
    with open(pairs_file, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    rows.sort(key=lambda row: len(row["query"]) + len(row["response_a"]) + len(row["response_b"]))
    path = os.path.join(folder, "pairs.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows[:count])
    return path


class Server:
    """llama_cpp.server on a port of its own; `with` waits until it answers, and ends it."""

    def __enter__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        with open(os.path.join(folder, "server.log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "llama_cpp.server", "--model", model, "--host", "127.0.0.1",
                 "--port", str(port), "--n_ctx", str(CONTEXT), "--logits_all", "true"],
                stdout=log, stderr=log)
        for _ in range(600):
            try:
                urllib.request.urlopen(self.url + "/v1/models", timeout=5).close()
                return self
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the server does not start: see " + log.name)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def judge(server, pairs, kind):
    """Rows by (pair, order), the requests as they were sent by the hash in the rows, and seconds."""
    out = os.path.join(folder, kind + ".jsonl")
    common = ["--model", "smollm2", "--kind", kind, "--pairs", pairs, "--top-logprobs", str(TOP), "--quiet"]
    asked = subprocess.run([program, "http", "--url", server.url, *common, "-o", out + ".not", "--dry-run"],
                           check=True, capture_output=True, text=True).stdout
    start = time.perf_counter()
    if not os.path.exists(out):
        subprocess.run([program, "http", "--url", server.url, *common, "-o", out, "--concurrency", "2",
                        "--idle-timeout", "600"], check=True)
    seconds = time.perf_counter() - start
    with open(out, encoding="utf-8") as file:
        rows = {(row["pair"], row["order"]): row for row in map(json.loads, file)}
    return rows, {line["custom_id"]: line["body"] for line in map(json.loads, asked.splitlines())}, seconds


def in_process(llama, body):
    """Log-probabilities of the next token by its spelling: from the model's own logits, its prompt as
    the library renders it."""
    import numpy as np
    if "prompt" in body:
        ids = llama.tokenize(body["prompt"].encode(), special=True)
    else:
        import llama_cpp.llama_chat_format as chat
        form = chat.Jinja2ChatFormatter(
            template=llama.metadata["tokenizer.chat_template"],
            eos_token=llama.detokenize([llama.token_eos()], special=True).decode(),
            bos_token=llama.detokenize([llama.token_bos()], special=True).decode(),
            stop_token_ids=[llama.token_eos()])
        ids = llama.tokenize(form(messages=body["messages"]).prompt.encode(), add_bos=False, special=True)
    llama.reset()
    llama.eval(ids)
    import llama_cpp
    logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama.ctx, -1),
                                   (llama.n_vocab(),)).astype(float)
    logp = logits - (np.log(np.exp(logits - logits.max()).sum()) + logits.max())
    best = np.argsort(logp)[::-1][:TOP]
    sums = {}
    for token in best:
        spelling = llama.detokenize([int(token)]).decode("utf-8", "replace").strip()
        sums[spelling] = sums.get(spelling, 0) + math.exp(logp[token])
    return [math.log(sums[label]) if label in sums else None for label in LABELS], len(ids)


def compare(llama, rows, asked, most):
    """The largest difference, how many were compared, how many are bounds, tokens; on `most` rows."""
    worst, compared, bounds, tokens, missing = 0.0, 0, 0, 0, 0
    for row in list(rows.values())[:most]:
        theirs, length = in_process(llama, asked[row["provenance"]["asked_sha256"]])
        tokens += length
        for name, value in zip(("first", "second"), theirs):
            if row.get("bound") in (name, "both") or f"logp_{name}" not in row:
                bounds += 1
                missing += value is not None
                continue
            if value is None:
                missing += 1
                continue
            compared += 1
            worst = max(worst, abs(row[f"logp_{name}"] - value))
    return worst, compared, bounds, tokens, missing


def main():
    import llama_cpp
    os.makedirs(folder, exist_ok=True)
    pairs = shortest()
    done = {}
    with Server() as server:
        for kind in ("completions", "chat"):
            done[kind] = judge(server, pairs, kind)
    llama = llama_cpp.Llama(model_path=model, n_ctx=CONTEXT, verbose=False)
    most = int(os.environ.get("PEERS_COMPARE", 2 * count))
    print(f"llama-cpp-python {llama_cpp.__version__}, {count} pairs in both orders\n")
    print("| route | judgments | a second | shown first won | mean coverage | bounds | log-probabilities "
          "compared | largest difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    failed = False
    for kind, (rows, asked, seconds) in done.items():
        worst, compared, bounds, _, missing = compare(llama, rows, asked, most)
        first = sum(row["shown"] == "first" for row in rows.values()) / len(rows)
        known = [row["coverage"] for row in rows.values() if "coverage" in row]
        print(f"| {kind} | {len(rows)} | {len(rows) / seconds:.2f} | {100 * first:.1f} % | "
              f"{sum(known) / len(known):.3f} | {bounds} | {compared} | {worst:.1g} |", flush=True)
        failed |= not worst <= CLOSE or len(rows) != 2 * count or missing > 0
    if failed:
        raise SystemExit(f"a log-probability differs by more than {CLOSE}, or rows are missing")


main()
