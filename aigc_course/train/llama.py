"""The untrained Llama that each language model of the course begins as, and its loss where a part of a text counts."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM

from aigc_course.rollouts import of_like_length


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


def loss_terms(model, rows: Sequence[tuple[list[int], list[int]]]) -> Iterator[torch.Tensor]:
    """The mean loss (nats per token that is aimed at), as a sum of terms in which short rows stand with short ones.

    rows: (ids, aims), one of each per token; aims: the id that is to be written in this place, -100 where none is.
    Fill on the right needs no attention mask: no real token looks to its right.
    """
    total = sum(aim >= 0 for _, aims in rows for aim in aims)
    for part in of_like_length([len(ids) for ids, _ in rows]):
        ids = pad_sequence([torch.tensor(rows[i][0]) for i in part], batch_first=True)[:, :-1]
        aims = pad_sequence([torch.tensor(rows[i][1]) for i in part], batch_first=True, padding_value=-100)[:, 1:]
        asked = aims != -100
        logits = model.lm_head(model.model(ids, use_cache=False).last_hidden_state[asked])
        yield torch.nn.functional.cross_entropy(logits, aims[asked], reduction="sum") / total
