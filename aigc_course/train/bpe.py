"""The tokenizers of the bundled models: byte-level BPE whose merges stay inside the words that a model is taught."""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast


def train_tokenizer(
    lexicon: Iterable[str], split: str, texts: list[str], vocab_size: int, context: int, tags: Iterable[str] = ()
) -> PreTrainedTokenizerFast:
    """Learn merges from `texts`; <s> is put in front of every text, </s> ends it.

    Chinese writes no spaces, so a first split cuts at the words of `lexicon`, longest first; the regex `split` cuts the
    rest. vocab_size: at most; context: the most tokens of a text. tags: ordinary added tokens, since special ones
    would vanish from decoded text.
    """
    words = sorted(lexicon, key=lambda word: (-len(word), word))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("|".join(words)), "isolated"),
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=1,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in tags])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        clean_up_tokenization_spaces=False,
        model_max_length=context,
    )
