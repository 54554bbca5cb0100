"""A very small random judge: a llama of one layer with the byte-level tokenizer of
../tokenizers/gpt2.json. Run by hand: pip install torch transformers; python make_judge.py.
"""
import pathlib
import shutil

import torch
import transformers as T

here = pathlib.Path(__file__).parent
torch.manual_seed(2)
config = T.LlamaConfig(vocab_size=521, hidden_size=16, intermediate_size=24, num_hidden_layers=1,
                       num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256,
                       bos_token_id=0, eos_token_id=1, tie_word_embeddings=True,
                       initializer_range=0.3)
T.LlamaForCausalLM(config).save_pretrained(here)
(here / "generation_config.json").unlink(missing_ok=True)
shutil.copy(here.parent / "tokenizers" / "gpt2.json", here / "tokenizer.json")
