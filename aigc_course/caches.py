"""Two caches of a server: keys and values of a beginning that was read before, and whole replies that were written."""

import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from aigc_course import attention


def shared_length(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two texts have in common from the start."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def beginning(kv: attention.KVCache, tokens: int) -> attention.KVCache:
    """The part of a KV cache that belongs to the first tokens; the given one stays as it is."""
    part = attention.KVCache()
    part.layers = {layer: (k[:, :, :tokens], v[:, :, :tokens]) for layer, (k, v) in kv.layers.items()}
    part.real = kv.real[:, :tokens]
    return part


class PrefixCache:
    """Reads prompts and keeps their keys and values: of the next prompt only what is new is computed. That is allowed
    because no token looks ahead: keys and values of a beginning do not depend on what follows."""

    def __init__(self, weights: attention.Weights, config):
        self.weights, self.config = weights, config
        self.kept: list[tuple[list[int], attention.KVCache]] = []

    def read(self, ids: Sequence[int]) -> tuple[Tensor, int]:
        """(logits (vocab,) after the prompt, how many of its tokens had to be computed)."""
        known, kv = max(self.kept, key=lambda one: shared_length(one[0], ids), default=([], None))
        common = min(shared_length(known, ids), len(ids) - 1)  # the last token is always read: its logits are wanted
        kv = beginning(kv, common) if common else attention.KVCache()
        logits = attention.forward(self.weights, self.config, torch.tensor([list(ids[common:])]), cache=kv).logits
        self.kept.append((list(ids), kv))
        return logits[0, -1], len(ids) - common


class ResponseCache:
    """Asks each question once and then repeats the reply. key: what makes two calls the same, by default all that is
    given; lifetime: seconds after which a reply is asked for anew; clock: gives the time in seconds.

    Right only where the same question always has the same answer, for everybody: see the lesson for what goes wrong.
    """

    def __init__(
        self,
        ask: Callable,
        key: Callable | None = None,
        lifetime: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.ask, self.lifetime, self.clock = ask, lifetime, clock
        self.key = key or (lambda *given, **settings: (given, tuple(sorted(settings.items()))))
        self.kept: dict = {}
        self.hits = self.misses = 0

    def __call__(self, *given, **settings):
        key, now = self.key(*given, **settings), self.clock()
        if key in self.kept and now - self.kept[key][1] < self.lifetime:
            self.hits += 1
        else:
            self.misses += 1
            self.kept[key] = self.ask(*given, **settings), now
        return self.kept[key][0]
