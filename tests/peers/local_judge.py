"""The local judge beside llama.cpp and transformers: same file, same prompts, same cores, one run.

  local_judge.py PDX_JUDGE MODEL.gguf PAIRS.jsonl COUNT

Prints a table: tokens a second, pairs a second (both orders), the ratio to this library, and the
largest difference of a log-probability. llama.cpp quantises activations to 8 bits on a quantised
file, so there a difference near 0.1 is expected; transformers runs on the dequantised weights.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
import time

program, model, pairs_file, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
TEMPLATE = ("Read a query and two responses to it, then say which response is better.\n\nQuery:\n{query}"
            "\n\nResponse A:\n{first}\n\nResponse B:\n{second}\n\nComparing the two, the better response "
            "is Response")
with open(pairs_file) as f:
    pairs = [json.loads(line) for line in f][:count]


def prompts():
    for pair in pairs:
        a, b = pair["response_a"], pair["response_b"]
        for order, first, second in (("AB", a, b), ("BA", b, a)):
            text = TEMPLATE
            for name, value in (("query", pair["query"]), ("first", first), ("second", second)):
                text = text.replace("{" + name + "}", "\0" + name)  # values may hold braces
            for name, value in (("query", pair["query"]), ("first", first), ("second", second)):
                text = text.replace("\0" + name, value)
            yield pair["id"], order, text


def ours():
    with tempfile.TemporaryDirectory() as folder:
        template, out = os.path.join(folder, "t.txt"), os.path.join(folder, "j.jsonl")
        with open(template, "w") as f:
            f.write(TEMPLATE)
        start = time.perf_counter()
        subprocess.run([program, "local", "--model", model, "--pairs", pairs_file, "--limit", str(count),
                        "--template", template, "-o", out, "--quiet"], check=True)
        seconds = time.perf_counter() - start
        with open(out) as f:
            rows = [json.loads(line) for line in f]
    return seconds, {(r["pair"], r["order"]): (r["logp_first"], r["logp_second"]) for r in rows}


def log_softmax_at(logits, ids):
    top = max(logits)
    total = math.log(sum(math.exp(x - top) for x in logits)) + top
    return [logits[i] - total for i in ids]


def has_amx():
    with open("/proc/cpuinfo") as f:
        return "amx_tile" in f.read()


def llama_cpp(path):
    """Seconds, tokens, log-probabilities and labels' tokens of the whole run on one file."""
    import llama_cpp
    import llama_cpp.llama_cpp as binding
    import numpy as np
    defaults = binding.llama_model_default_params

    def parameters():
        """Its AMX path crashes on some virtual machines: no repacked weights where AMX is."""
        params = defaults()
        params.use_extra_bufts = not has_amx()
        return params

    binding.llama_model_default_params = llama_cpp.llama_model_default_params = parameters
    llama = llama_cpp.Llama(model_path=path, n_ctx=8192, n_batch=2048, n_ubatch=2048, verbose=False,
                            n_threads=os.cpu_count(), n_threads_batch=os.cpu_count())
    binding.llama_model_default_params = llama_cpp.llama_model_default_params = defaults
    labels = labels_of(llama)
    tokens, results = {}, {}
    seconds = 0
    for pair, order, text in prompts():
        ids = llama.tokenize(text.encode(), add_bos=False, special=False)
        tokens[(pair, order)] = ids
        start = time.perf_counter()
        llama.reset()
        llama.eval(ids)
        seconds += time.perf_counter() - start
        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama.ctx, -1), (llama.n_vocab(),))
        results[(pair, order)] = score(logits.astype(float), labels)
    llama.close()
    return seconds, tokens, results, labels


def requantised(folder, kind):
    """The model's file in another type of llama.cpp."""
    import llama_cpp
    path = os.path.join(folder, f"{kind}.gguf")
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_{'ALL' if kind == 'F32' else 'MOSTLY'}_{kind}")
    params.allow_requantize = True
    params.nthread = os.cpu_count()
    if llama_cpp.llama_model_quantize(model.encode(), path.encode(), params) != 0:
        raise SystemExit(f"llama.cpp does not requantise to {kind}")
    return path


def labels_of(llama):
    """Token ids of the spellings of each label after the template's last words."""
    tail = "is Response"
    without = llama.tokenize(tail.encode(), add_bos=False)
    out = []
    for label in "AB":
        found = []
        for spelling in (" " + label, label):
            ids = llama.tokenize((tail + spelling).encode(), add_bos=False)
            if ids[:-1] == without:
                found.append(ids[-1])
        out.append(found)
    return out


def score(logits, labels):
    import numpy as np
    logp = logits - (np.log(np.exp(logits - logits.max()).sum()) + logits.max())
    return tuple(float(np.log(np.exp(logp[ids]).sum())) for ids in labels)


def transformers_float(tokens, labels):
    import torch
    import transformers
    torch.set_num_threads(os.cpu_count())
    net = transformers.AutoModelForCausalLM.from_pretrained(
        os.path.dirname(model), gguf_file=os.path.basename(model), dtype=torch.float32).eval()
    results, seconds = {}, 0
    with torch.inference_mode():
        for key, ids in tokens.items():
            start = time.perf_counter()
            logits = net(torch.tensor([ids]), logits_to_keep=1).logits[0, -1].double()
            seconds += time.perf_counter() - start
            results[key] = score(logits.numpy(), labels)
    return seconds, results


def apart(a, b):
    return max(abs(x - y) for key in a for x, y in zip(a[key], b[key]))


def row(name, seconds, total, base, difference):
    n = len(pairs)
    print(f"| {name} | {total / seconds:.0f} | {n / seconds:.2f} | {base / (n / seconds):.2f} | {difference} |")


def main():
    seconds_llama, tokens, theirs, labels = llama_cpp(model)
    total = sum(map(len, tokens.values()))
    seconds, mine = ours()
    speed = len(pairs) / seconds
    print(f"{len(pairs)} pairs in both orders, {total} prompt tokens, {os.cpu_count()} cores\n")
    print("| what | prompt tokens/s | pairs/s | ours is faster by | largest difference of a log-probability |")
    print("| --- | --- | --- | --- | --- |")
    row("pdx-judge (start and loading included)", seconds, total, speed, "")
    row("llama.cpp, the file as it is", seconds_llama, total, speed, f"{apart(mine, theirs):.2g}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("Q8_0", "Q4_0", "F32"):
            seconds_llama, _, theirs, _ = llama_cpp(requantised(folder, kind))
            row(f"llama.cpp, requantised to {kind}", seconds_llama, total, speed,
                f"{apart(mine, theirs):.2g}")
    try:
        seconds_t, floats = transformers_float(tokens, labels)
        row("transformers, float32", seconds_t, total, speed, f"{apart(mine, floats):.2g}")
    except ImportError as error:
        print(f"transformers: not here ({error})", file=sys.stderr)


main()
