"""Blocks of every quantised type and the numbers they stand for, by the `gguf` package.

Run by hand: pip install gguf; python make_quants.py (in this folder). Writes quants.jsonl: random
blocks (hex) with sane scales and their values. The test allows 1e-6 of a value: the package rounds
products to float32 in another order.
"""
import json
import pathlib

import gguf
import numpy as np

Q = gguf.GGMLQuantizationType
rng = np.random.default_rng(3)
halves = {Q.Q8_0: [0], Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q4_K: [0, 2],
          Q.Q5_K: [0, 2], Q.Q6_K: [208]}
with open(pathlib.Path(__file__).parent / "quants.jsonl", "w") as f:
    for kind in [Q.F16, Q.BF16, *halves]:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (3, size if kind in halves else 64), dtype=np.uint8)
        for at in halves.get(kind, []):
            blocks[:, at:at + 2] = rng.normal(0, 0.1, (3, 1)).astype("<f2").view(np.uint8)
        if kind not in halves:  # finite numbers, among them a subnormal one
            blocks[:, 1::2] &= 0xBB
            blocks[0, :2] = (5, 0)
        values = gguf.quants.dequantize(blocks, kind).astype(np.float64).ravel()
        f.write(json.dumps({"type": kind.name, "hex": blocks.tobytes().hex(),
                            "values": [float(f"{v:.9g}") for v in values]},
                           separators=(",", ":")) + "\n")
