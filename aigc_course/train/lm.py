"""The course's language model: a small Llama trained on documents drawn from the course's grammar.

Everything that makes it is here: its tokenizer, its size, its training data (drawn afresh at every step) and its
measures against the grammar's exact probabilities.
"""

import copy
import hashlib
import json
import math
import random
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from statistics import fmean

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

from aigc_course import grammar
from aigc_course.grammar_program import words_as_written, written
from aigc_course.i18n import LANGS
from aigc_course.sampling import continuation_probability
from aigc_course.train import lm_card
from aigc_course.train.bpe import train_tokenizer
from aigc_course.train.llama import special_ids, untrained

SEEDS = (2, 1, 3)  # the first is bundled: picked after all three were measured, and all three are reported
STEPS = 1600
DOCUMENTS = 64  # drawn per step
LEARNING_RATE = 2.5e-3
DRAWN = 1500  # documents drawn for the test; those seen in training are dropped
EVERYDAY = 1e-3  # an everyday context counts if at least one everyday sentence in a thousand begins with it
# measures that a retraining must reach, as (metric, at most)
BARS = {"kl": 0.02, "kl_worst_everyday": 0.2, "invalid_mass": 0.01}
# how far a retraining may be from the manifest: another machine rounds otherwise and ends as far off as another seed
TOLERANCE = {"kl": 0.01, "kl_worst_everyday": 0.08, "invalid_mass": 0.005, "lecture": 0.05, "lecture_en": 0.06}
CONTEXT = 256  # tokens; the longest document has fewer than 100
GPT_SPLIT = r"'s| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE; each word of the grammar ends as one token, an English one together with the space before it."""
    rng = random.Random(0)
    texts = [grammar.sample(rng) for _ in range(20_000)]
    # the rare words too, and as they stand at the beginning of a text
    texts += [written(word, first=False) for lang in LANGS for word in grammar.words(lang)]
    texts += [word for _, word, _ in grammar.load().steps(grammar.load().start)]
    lexicon = [word for word in grammar.words("zh") if not word.isascii()]
    return train_tokenizer(lexicon, GPT_SPLIT, texts, vocab_size=8192, context=CONTEXT)


def settings(seed: int) -> dict:
    """What a training depends on; a checkpoint made with other settings is not continued."""
    program = "".join((files("aigc_course") / "data" / "grammar" / f"{lang}.txt").read_text("utf-8") for lang in LANGS)
    return {
        "seed": seed,
        "steps": STEPS,
        "learning_rate": LEARNING_RATE,
        "documents": DOCUMENTS,
        "grammar": hashlib.sha256(program.encode()).hexdigest(),
    }


def build(seed: int) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The untrained model and its tokenizer."""
    tokenizer = build_tokenizer()
    return build_model(tokenizer, seed), tokenizer


def losses(model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
    """step → the terms of its loss."""
    encode = Encoder(tokenizer)
    return lambda step: loss_parts(model, [encode(words) for words in documents(seed, step)])


def save(model, tokenizer, folder: Path) -> Path:
    """Write model (float16) and tokenizer in Hugging Face format."""
    copy.deepcopy(model).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"  # this name is understood by every transformers; 5.23 writes one of its own
    config = json.loads(path.read_text(encoding="utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return folder


def measure(folder: Path, seed: int) -> dict[str, float]:
    """`evaluate` on what was saved, as a learner loads it."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return evaluate(model, AutoTokenizer.from_pretrained(folder), seed)


def build_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """A Llama of some 0.8 million weights, freshly drawn from `seed`."""
    special = special_ids(tokenizer)
    return untrained(seed, len(tokenizer), special, width=128, inner=320, layers=3, context=CONTEXT, spread=0.05)


class Encoder:
    """Documents (lists of words) → ids, word by word: the tokenizer's own ids (a test compares them), but faster."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self.truth = grammar.Truth(tokenizer)

    def __call__(self, words: list[str]) -> list[int]:
        truth = self.truth
        written = words_as_written(words)
        return [truth.bos, *(i for word in written for i in truth.ids(word)), truth.eos]


def documents(seed: int, step: int) -> list[list[str]]:
    """The training documents of one step, as words: they depend on seed and step only, so a resumed training sees the
    same ones and the held-out documents can be told apart later."""
    rng = random.Random(f"lm {seed} {step}")
    return [grammar.load().sample(rng) for _ in range(DOCUMENTS)]


def padded(rows: list[list[int]]) -> torch.Tensor:
    """Rows of ids → (row, position), filled up with -100 on the right."""
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=-100)


def loss_parts(model: LlamaForCausalLM, rows: list[list[int]], parts: int = 2) -> Iterator[torch.Tensor]:
    """The mean next-token loss (nats) of `rows`, as a sum of `parts` terms, so that short rows stand with short ones.

    Fill on the right needs no attention mask: no real token looks to its right.
    """
    rows = sorted(rows, key=len)
    tokens = sum(len(row) - 1 for row in rows)
    size = math.ceil(len(rows) / parts)
    for at in range(0, len(rows), size):
        ids = padded(rows[at : at + size])
        hidden = model.model(ids[:, :-1].clamp(min=0), use_cache=False).last_hidden_state
        real = ids[:, 1:] >= 0  # the vocabulary is the widest matrix: leave it out where only fill follows
        logits = model.lm_head(hidden[real])
        yield torch.nn.functional.cross_entropy(logits, ids[:, 1:][real], reduction="sum") / tokens


def fingerprint(words: list[str]) -> bytes:
    """Eight bytes that stand for a document."""
    return hashlib.blake2b(grammar.join(words).encode(), digest_size=8).digest()


def held_out(seed: int, rng: random.Random) -> list[list[str]]:
    """Of DRAWN fresh documents, those that training with `seed` never saw."""
    seen = {fingerprint(words) for step in range(STEPS) for words in documents(seed, step)}
    fresh = [grammar.load().sample(rng) for _ in range(DRAWN)]
    return [words for words in fresh if fingerprint(words) not in seen]


@torch.inference_mode()
def distances(model, tokenizer, rows: list[list[int]], batch: int = 64) -> Iterator[list[tuple[float, float]]]:
    """For each row of ids, at each of its positions: (KL(truth ‖ model) in nats, model's mass on impossible tokens)."""
    truth = grammar.Truth(tokenizer)
    for at in range(0, len(rows), batch):
        part = rows[at : at + batch]
        logits = model(padded(part).clamp(min=0), use_cache=False).logits
        for row, logp in zip(part, logits.double().log_softmax(-1), strict=True):
            belief, here = truth.start(), []
            for position, token in enumerate(row):
                if position:
                    belief = truth.advance(belief, token)
                probs = truth.probs(belief)
                ids, p = torch.tensor(list(probs)), torch.tensor(list(probs.values()), dtype=torch.float64)
                q = logp[position, ids]
                here.append((float((p * (p.log() - q)).sum()), max(0.0, 1 - float(q.exp().sum()))))
            yield here


def evaluate(model, tokenizer, seed: int, test_seed: int = 0) -> dict[str, float]:
    """The model's measures against the truth, on contexts of documents that training with `seed` never saw.

    kl, invalid_mass: mean over every position (nats per token; probability). kl_worst_everyday: the worst single
    beginning of an everyday sentence. lecture: P(去 公园 | 今天天气不错，我决定), 0.7 in truth.
    """
    model.eval()
    encode = Encoder(tokenizer)
    unseen = held_out(seed, random.Random(f"held out {test_seed}"))
    rows = sorted((encode(words)[:-1] for words in unseen), key=len)
    points = [point for row in distances(model, tokenizer, rows) for point in row]
    contexts = sorted((tokenizer.encode(text) for lang in LANGS for text in grammar.everyday(lang, EVERYDAY)), key=len)
    everyday = [row[-1][0] for row in distances(model, tokenizer, contexts)]
    return {
        "kl": fmean(kl for kl, _ in points),
        "invalid_mass": fmean(mass for _, mass in points),
        "kl_everyday": fmean(everyday),
        "kl_worst_everyday": max(everyday),
        "lecture": continuation_probability(model, tokenizer, "今天天气不错，我决定", "去公园"),
        "lecture_en": continuation_probability(
            model, tokenizer, "The weather is nice today, so I decided to", " go to the park"
        ),
        "everyday_contexts": len(everyday),
        "held_out_documents": len(unseen),
        "held_out_contexts": len(points),
    }


def card(results: dict[int, dict]) -> str:
    """The text of the model card. results: seed → measures, the published seed first."""
    model, tokenizer = build(next(iter(results)))
    return lm_card.card(results, model.num_parameters(), len(tokenizer), STEPS, DOCUMENTS)
