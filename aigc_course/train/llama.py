"""The untrained Llama that every language model of the course begins as."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def untrained(
    seed: int,
    vocabulary: int,
    special: tuple[int, int, int],
    *,
    width: int,
    layers: int,
    heads: int = 4,
    context: int,
    inner: int | None = None,
    spread: float = 0.02,
) -> LlamaForCausalLM:
    """A Llama with one table for input and output, freshly drawn from `seed`.

    special: ids of begin, end and fill. context: the most tokens. inner: width of the feed-forward part, twice `width`
    if None. spread: standard deviation of the first weights.
    """
    torch.manual_seed(seed)
    bos, eos, pad = special
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=inner or 2 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=heads,
            max_position_embeddings=context,
            tie_word_embeddings=True,
            initializer_range=spread,
            bos_token_id=bos,
            eos_token_id=eos,
            pad_token_id=pad,
        )
    )


def special_ids(tokenizer) -> tuple[int, int, int]:
    """The ids of begin, end and fill."""
    return tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
