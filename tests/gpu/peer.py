"""The benchmark's prompts by Hugging Face transformers: Llama-2-7B's shape, random bfloat16 weights,
SDPA, prompts sorted by length and batched, the last position's logits only. One JSON line.

usage: peer.py PROMPTS.jsonl PAIRS
"""
import json
import os
import sys
import time

try:
    import torch
    import transformers
except ImportError as missing:
    print(f"SKIP peer: {missing}")
    sys.exit(77)
if not torch.cuda.is_available() or not os.path.exists(sys.argv[1]):
    print("SKIP peer: no CUDA device, or no recorded prompts")
    sys.exit(77)

MOST_TOKENS = 16384  # of a batch, padding counted
config = transformers.LlamaConfig()  # the defaults are Llama-2-7B's shape
rows = [json.loads(line) for line in open(sys.argv[1])]
prompts = [[t % config.vocab_size for t in row["tokens"]] for row in rows
           if row["template"] == "plain"][:2 * int(sys.argv[2])]
torch.set_default_dtype(torch.bfloat16)
with torch.device("cuda"):
    model = transformers.LlamaForCausalLM._from_config(config, attn_implementation="sdpa").eval()

batches, batch = [], []
for prompt in sorted(prompts, key=len, reverse=True):
    if batch and len(batch[0]) * (len(batch) + 1) > MOST_TOKENS:
        batches.append(batch)
        batch = []
    batch.append(prompt)
batches.append(batch)


@torch.inference_mode()
def judge_all():
    for batch in batches:
        longest = len(batch[0])
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch], device="cuda")
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch], device="cuda")
        hidden = model.model(input_ids=ids, attention_mask=mask, use_cache=False)[0]
        torch.log_softmax(model.lm_head(hidden[:, -1]).float(), -1)[:, :2].cpu()


judge_all()
torch.cuda.synchronize()
start = time.perf_counter()
judge_all()
torch.cuda.synchronize()
seconds = time.perf_counter() - start
print(json.dumps({"bench": "transformers", "version": transformers.__version__,
                  "torch": torch.__version__, "prompts": len(prompts),
                  "tokens": sum(map(len, prompts)), "seconds": round(seconds, 4),
                  "pairs_per_second": round(len(prompts) / 2 / seconds, 2)}))
