"""Small random models of every family and what Hugging Face transformers computes with them.

Run by hand: pip install torch transformers safetensors gguf; python make_models.py (in this folder).
Writes <family>/config.json and model.safetensors, two GGUF files, and logprobs.jsonl: for each
model and sequence the float32 log-probabilities of the next token over the whole vocabulary.
Versions used: see VERSIONS, written beside. Tolerance of the test, 1e-4: float32 sums in another
order; the largest difference seen was 2e-6.
"""
import importlib.metadata
import json
import pathlib

import gguf
import numpy as np
import torch
import transformers

here = pathlib.Path(__file__).parent
VOCABULARY = 67
common = dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=44, num_hidden_layers=2,
              num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
              bos_token_id=1, eos_token_id=2, pad_token_id=0, initializer_range=0.35)
T = transformers
families = {
    "llama": (T.LlamaForCausalLM, T.LlamaConfig(**common, tie_word_embeddings=False)),
    "llama-llama3": (T.LlamaForCausalLM, T.LlamaConfig(**common, rope_theta=500000.0, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=32))),
    "llama-linear": (T.LlamaForCausalLM, T.LlamaConfig(**common, rope_scaling=dict(
        rope_type="linear", factor=4.0))),
    "llama-yarn": (T.LlamaForCausalLM, T.LlamaConfig(**common, rope_scaling=dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=32))),
    "mistral": (T.MistralForCausalLM, T.MistralConfig(**common, sliding_window=7)),
    "qwen2": (T.Qwen2ForCausalLM, T.Qwen2Config(**common, tie_word_embeddings=True)),
    "qwen3": (T.Qwen3ForCausalLM, T.Qwen3Config(**common, head_dim=12)),
    "mixtral": (T.MixtralForCausalLM, T.MixtralConfig(**common, num_local_experts=4,
                                                      num_experts_per_tok=2, sliding_window=None)),
}


def sequences():
    rng = np.random.default_rng(5)
    return [rng.integers(0, VOCABULARY, n).tolist() for n in (1, 9, 41)]


def logprobs(model, ids):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1].double()
    return torch.log_softmax(logits, -1).tolist()


def permute(weight, heads):
    """GGUF's llama converter: pairs of a head's rotation stand side by side."""
    rows, columns = weight.shape
    return (weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2)
            .reshape(rows, columns))


def write_gguf(name, arch, model, config, quantise):
    """The same weights as a GGUF file; matrices in Q8_0 where `quantise` (rows of 32)."""
    writer = gguf.GGUFWriter(here / name, arch)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(VOCABULARY)
    theta = getattr(config, "rope_theta", None) or config.rope_parameters["rope_theta"]
    writer.add_rope_freq_base(theta)
    names = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    parts = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
             "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
             "mlp.down_proj": "ffn_down"}
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        w = tensor.float().numpy()
        if key in names:
            target = names[key]
        else:
            _, _, layer, rest = key.split(".", 3)
            part, kind = rest.rsplit(".", 1)
            target = f"blk.{layer}.{parts[part]}.{kind}"
        if arch == "llama" and ("q_proj" in key or "k_proj" in key):
            heads = config.num_attention_heads if "q_proj" in key else config.num_key_value_heads
            w = permute(w, heads)
        if quantise and w.ndim == 2 and w.shape[1] % 32 == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            stored = gguf.quants.quantize(w, kind)
            writer.add_tensor(target, stored, raw_dtype=kind)
        else:
            writer.add_tensor(target, np.ascontiguousarray(w))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    rows = []
    for name, (kind, config) in families.items():
        torch.manual_seed(11)
        model = kind(config).eval().float()
        with torch.no_grad():
            for key, p in model.named_parameters():  # norms and biases that do something
                if "norm" in key:
                    p.add_(0.2 * torch.randn_like(p))
                if key.endswith("bias"):
                    p.add_(0.3 * torch.randn_like(p))
        if name == "qwen2":
            model.bfloat16().save_pretrained(here / name)  # this one is stored in bfloat16
            model = kind.from_pretrained(here / name, dtype=torch.float32).eval()
        else:
            model.save_pretrained(here / name)
        for extra in (here / name).glob("generation_config.json"):
            extra.unlink()
        for ids in sequences():
            rows.append({"model": name, "tokens": ids, "logprobs": logprobs(model, ids)})
        if name == "llama":
            write_gguf("llama.gguf", "llama", model, config, False)
            rows += [dict(r, model="llama.gguf") for r in rows if r["model"] == name]
            quantised = {k: v.clone() for k, v in model.state_dict().items()}
            for k, v in quantised.items():
                if v.ndim == 2 and v.shape[1] % 32 == 0:
                    q = gguf.GGMLQuantizationType.Q8_0
                    w = gguf.quants.dequantize(gguf.quants.quantize(v.numpy(), q), q)
                    quantised[k] = torch.tensor(w)
            write_gguf("llama-q8.gguf", "llama", model, config, True)
            model.load_state_dict(quantised)
            for ids in sequences():
                rows.append({"model": "llama-q8.gguf", "tokens": ids,
                             "logprobs": logprobs(model, ids)})
        if name == "qwen2":
            write_gguf("qwen2.gguf", "qwen2", model, config, False)
            rows += [dict(r, model="qwen2.gguf") for r in rows if r["model"] == name]
    with open(here / "logprobs.jsonl", "w") as f:
        for row in rows:
            row = dict(row, logprobs=[round(p, 7) for p in row["logprobs"]])
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
    with open(here / "VERSIONS", "w") as f:
        for package in ("torch", "transformers", "safetensors", "gguf", "tokenizers", "numpy"):
            f.write(f"{package} {importlib.metadata.version(package)}\n")


main()
