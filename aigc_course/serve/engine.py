"""Writes what the requests ask for: one thread, one batch at a time, each text with its own settings.

What arrives while a batch is being written waits, and is then written together, model by model (dynamic batching).
A text does not depend on its neighbours: the tests compare each with the one that is written alone.
"""

import contextlib
import math
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course import hub, sampling
from aigc_course.chat_replies import CLOSE, OPEN
from aigc_course.errors import CourseError
from aigc_course.rollouts import Decoder
from aigc_course.serve.pieces import Calls, Pieces, token_bytes
from aigc_course.tool_use import OPEN as CALL
from aigc_course.tool_use import Call

ROWS = 32  # texts written at a time; the cache of so many takes less than 100 MB
WAITING = 256  # requests that may wait; the next one is told to come back later
COLDEST = 0.01  # a temperature below this is 0: the likeliest token, always


class Settings(NamedTuple):
    """How one text is written. max_tokens: at most so many; stop: ends before one of these; think: False forbids
    <think>; split: True tells the thinking from the answer and calls of tools from both, False gives the text as it is,
    tags included; tools: False forbids <tool_call> where the text is split."""

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    think: bool = True
    split: bool = True
    tools: bool = False


class Piece(NamedTuple):
    """A part of a text as soon as it is written."""

    thinking: str
    text: str


class End(NamedTuple):
    """The last that is heard of a text. reason: "stop", "length" or "error"; tokens, thinking: how many were written in
    all (the end included) and between the think tags."""

    reason: str
    tokens: int
    thinking: int


@dataclass(eq=False)
class Job:
    """One text to write. tell: called with each Piece and Call and then the End, in the engine's thread."""

    model: str
    ids: Sequence[int]
    settings: Settings
    tell: Callable[[Piece | Call | End], None]
    cancelled: bool = False  # nobody listens any more


class Loaded:
    """A bundled model, ready to write."""

    def __init__(self, name: str):
        self.model, self.tokenizer = hub.load_lm(name, "cpu")
        self.context = self.model.config.max_position_embeddings
        self.end = self.model.config.eos_token_id
        # None where it has none
        self.opening, self.closing, self.calling = self.tokenizer.convert_tokens_to_ids([OPEN, CLOSE, CALL])

    @cached_property
    def bytes(self) -> list[bytes]:
        return token_bytes(self.tokenizer)


@dataclass
class Row:
    """A job while it is written, one token after the other."""

    job: Job
    loaded: Loaded
    tokens: int = 0
    thinking: int = 0
    opened: bool = False  # inside the thinking now
    generator: torch.Generator = field(default_factory=torch.Generator)

    def __post_init__(self):
        seed, settings = self.job.settings.seed, self.job.settings
        self.generator.seed() if seed is None else self.generator.manual_seed(seed)
        self.opened = settings.split and list(self.job.ids[-1:]) == [self.loaded.opening]
        self.pieces = Pieces(settings.stop)
        self.calls = Calls() if settings.tools else None
        wrong = {self.loaded.opening: not settings.think, self.loaded.calling: settings.split and not settings.tools}
        self.forbidden = [token for token, so in wrong.items() if so and token is not None]

    def choose(self, logits: Tensor) -> int:
        """The next token, from its logits (vocab,)."""
        settings = self.job.settings
        if self.forbidden:
            logits = logits.index_fill(0, torch.tensor(self.forbidden), -math.inf)
        temperature = 0 if settings.temperature < COLDEST else settings.temperature
        return int(sampling.pick(logits, self.generator, temperature=temperature, top_p=settings.top_p))

    def take(self, token: int) -> bool:
        """Add a token; True if it was the last one."""
        self.tokens += 1
        reason, said = None, ""
        if token == self.loaded.end:
            reason = "stop"
        elif self.job.settings.split and token == self.loaded.opening and self.tokens == 1:
            self.opened = True
        elif self.opened and token == self.loaded.closing:
            self._tell(self.pieces.rest())
            self.opened = False
        else:
            self.thinking += self.opened
            said, hit = self.pieces.add(self.loaded.bytes[token])
            reason = "stop" if hit else None
        if reason is None and self.tokens == self.job.settings.max_tokens:
            reason = "length"
        if reason and not self.pieces.hit:
            said += self.pieces.rest()
        self._tell(said, last=bool(reason))
        if reason:
            self.job.tell(End(reason, self.tokens, self.thinking))
        return bool(reason)

    def _tell(self, said: str, last: bool = False) -> None:
        found = self.calls.add(said, last) if self.calls and not self.opened else [said]
        for one in filter(None, found):
            self.job.tell(one if isinstance(one, Call) else Piece(one, "") if self.opened else Piece("", one))


@torch.inference_mode()
def write(loaded: Loaded, jobs: Sequence[Job], stopped: Callable[[], bool] = lambda: False) -> None:
    """Write these texts side by side to their ends. stopped: asked at each token whether to give up."""
    width = max(len(job.ids) for job in jobs)
    decoder = Decoder(loaded.model, len(jobs), width + max(job.settings.max_tokens for job in jobs))
    ids = torch.tensor([[0] * (width - len(job.ids)) + list(job.ids) for job in jobs])
    real = torch.tensor([[False] * (width - len(job.ids)) + [True] * len(job.ids) for job in jobs])
    rows: list[Row | None] = [Row(job, loaded) for job in jobs]  # None: has ended, but still stands in the cache
    logits = decoder(ids, real)
    while not stopped():
        tokens = [loaded.end] * len(rows)
        for i, row in enumerate(rows):
            if row and not row.job.cancelled:
                tokens[i] = row.choose(logits[i])
                if not row.take(tokens[i]):
                    continue
            rows[i] = None
        left = [i for i, row in enumerate(rows) if row]
        if not left:
            return
        if len(left) * 4 <= len(rows) * 3:  # dropping rows copies the cache
            decoder.keep(torch.tensor(left))
            rows, tokens = [rows[i] for i in left], [tokens[i] for i in left]
        logits = decoder(torch.tensor(tokens)[:, None], torch.ones(len(rows), 1, dtype=torch.bool))


class Engine:
    """The thread that writes, what waits for it, and the models, each loaded when it is first asked for."""

    def __init__(self, names: Sequence[str]):
        self.names = tuple(names)
        self._models: dict[str, Loaded] = {}
        self._loading, self._changed = threading.Lock(), threading.Condition()
        self._waiting: deque[Job] = deque()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="aigc-serve", daemon=True)
        self._thread.start()

    def model(self, name: str) -> Loaded:
        """One of the models; CourseError where its files are damaged."""
        with self._loading:
            if name not in self._models:
                self._models[name] = Loaded(name)
            return self._models[name]

    def submit(self, job: Job) -> bool:
        """Queue a text; False where too many wait already."""
        with self._changed:
            if len(self._waiting) >= WAITING or self._closed:
                return False
            self._waiting.append(job)
            self._changed.notify()
            return True

    def close(self) -> None:
        """Give up what is being written and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(CourseError):  # the first request says what is wrong with a model
            self.model(self.names[0])  # loads the libraries too, which takes seconds, before anybody waits for them
        while batch := self._next():
            try:
                write(self.model(batch[0].model), batch, lambda: self._closed)
            except Exception as error:  # the server goes on; the app says that it was not the request's fault
                traceback.print_exception(error)
            for job in batch:
                job.tell(End("error", 0, 0))  # unheard where the text has come to its own end

    def _next(self) -> list[Job]:
        """What is written next: of the model that has waited longest, in the order of arrival; [] at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return []
            first = self._waiting[0].model
            batch = [job for job in self._waiting if job.model == first][:ROWS]
            taken = set(map(id, batch))
            self._waiting = deque(job for job in self._waiting if id(job) not in taken)
            return batch
