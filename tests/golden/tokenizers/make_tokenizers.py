"""Small tokenizers of every kind, and what the `tokenizers` package makes of hard text.

Run by hand: pip install tokenizers; python make_tokenizers.py (in this folder). Writes
<kind>.json (a tokenizer.json each) and ids.jsonl: kind, text, ids (special tokens recognised, what the
tokenizer adds in front left out). Token ids must be equal. Versions: tokenizers 0.23.3.
"""
import json
import pathlib

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

here = pathlib.Path(__file__).parent
corpus = [
    "The judge reads two answers and names the better one. It's not that simple, they'll say: "
    "length, order and tone all weigh in. We've measured it 1,234 times (2019-2024).",
    "Der Richter liest zwei Antworten. Größe, Länge und Ton zählen; naïve Schätzungen irren.",
    "def weigh(pairs):\n    total = 0\n    for a, b in pairs:\n        total += a - b\n    return total\n",
    "裁判は二つの答えを読みます。長さも順番も効きます。 판사는 두 답을 읽는다. قرأ القاضي جوابين.",
    "😀👍🏽 emoji, ½ of 3¾, x² + y² = z², a\tb\r\nc  d   e\n\n\nf",
] * 4
hard = [
    "", " ", "  ", "\n", "a", " a", "a ", "  two  spaces  ", "tabs\tand\r\nline ends\n\n\n",
    "it's they'll WE'VE I'M don't", "1234567 3.14 ½¾ ² ٣ 二千", "x²+y²=z²", "naïve Größe é é ñ ñ",
    "裁判は二つの答え 판사는", "قرأ القاضي", "😀👍🏽👩‍👩‍👧 ok", "a" * 300, "ab" * 120 + " " + "-" * 70,
    "def f(x):\n\treturn x  # note\n", "<|end|>", "say <|end|><|end|> twice <|start|>x", "<s>not</s>",
    "nul\u0001ctl\u007f\u0085\u00a0\u2003\u200b\u3000\ufeffend", "▁ underline ▁▁", "\ufffd\ufffd",
    "Ω Å ﬁ ① ẛ̣", "don’t “quote” — dash…", " \n \n  x\n  \n", "word\u00a0word", "trailing   ",
]
special = ["<|start|>", "<|end|>"]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(pre, normalizer=None, ignore_merges=False):
    t = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        t.normalizer = normalizer
    t.pre_tokenizer = pre
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=520, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


def characters(metaspace):
    t = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    if metaspace:
        t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    latin = [line for line in corpus if line.isascii()]  # the rest goes through bytes
    t.train_from_iterator(latin, trainers.BpeTrainer(
        vocab_size=256 + 220, special_tokens=["<unk>", "<s>", "</s>", *bytes_, *special],
        show_progress=False, max_token_length=12))
    spec = json.loads(t.to_str())
    spec["added_tokens"] = [a for a in spec["added_tokens"] if not a["content"].startswith("<0x")]
    spec["post_processor"] = json.loads(processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]).__getstate__())
    return Tokenizer.from_str(json.dumps(spec))


kinds = {
    "gpt2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "digits": byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])),
    "llama3": byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), ignore_merges=True),
    "qwen2": byte_level(pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), normalizers.NFC()),
    "llama2": characters(False),
    "metaspace": characters(True),
}
kinds["gpt2"].add_tokens([AddedToken("<tool>", special=False)])
with open(here / "ids.jsonl", "w") as f:
    for name, t in kinds.items():
        t.save(str(here / f"{name}.json"), pretty=False)
        for text in hard + (["a <tool> b"] if name == "gpt2" else []):
            ids = t.encode(text, add_special_tokens=False).ids
            f.write(json.dumps({"kind": name, "text": text, "ids": ids}, separators=(",", ":")) + "\n")
