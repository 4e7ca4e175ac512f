"""Tiny checkpoints with random weights, made where a test needs the shape of a model and not its knowledge."""

import hashlib
from pathlib import Path

TEXTS = ["今天天气不错，我决定去公园。", "The weather is nice today, so I decided to go to the park."]


def tokenizer():
    """A byte-level BPE of 300 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")


def llama(vocab: int, **shape):
    """An untrained Llama in eval mode; ids 0, 1, 2 pad, begin and end. `shape` replaces values of its LlamaConfig."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    usual = {
        "vocab_size": vocab,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**usual | shape)).eval()


def checkpoint(folder: Path, architecture: str = "Llama", dtype: str = "float16") -> Path:
    """Write model and tokenizer to `folder` in Hugging Face format. architecture: "Llama" or "Qwen3"."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{architecture}Config")(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = getattr(transformers, f"{architecture}ForCausalLM")(config)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def manifest(zoo: Path, name: str) -> None:
    """Write zoo/manifest.toml for the one model in zoo/name."""
    files = sorted(path for path in (zoo / name).iterdir() if path.is_file())
    lines = [f"[{name}]", "seed = 0", f"[{name}.files]"]
    lines += [f'"{path.name}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"' for path in files]
    lines += [f"[{name}.metrics]", "kl = 0.5"]
    (zoo / "manifest.toml").write_text("\n".join(lines) + "\n")
