"""Tokenizers of real models behind one face: text → [(id, bytes), …]. Joined, the bytes are the text's UTF-8.

They come inside ordinary Python packages, so nothing is downloaded. Text that looks like a control token (<s>,
<|endoftext|>) is read as ordinary text, and none is added in front.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.tokens import WRITTEN, utf8

Pairs = list[tuple[int, bytes]]
Split = Callable[[str], Pairs]
MAX_CHARS = 100_000  # beyond it tiktoken's regular expressions can run out of stack

_OPENAI = "https://openaipublic.blob.core.windows.net/encodings/"


@dataclass(frozen=True)
class Source:
    """One tokenizer. `package`: the Python package that brings it ("" for this course's own); `file`: its data, None if
    absent; `load`: file → (split, number of tokens in the vocabulary)."""

    name: str
    package: str
    about_zh: str
    about_en: str
    find: Callable[[], Path | None]
    load: Callable[[Path], tuple[Split, int]]

    @property
    def about(self) -> str:
        return t(self.about_zh, self.about_en)


def _inside(package: str, file: str, needs: str) -> Callable[[], Path | None]:
    """Finds a data file of an installed package, without importing it; `needs`: another package that must be there."""

    def find() -> Path | None:
        spec = find_spec(package)
        path = Path(spec.origin).parent / file if spec and spec.origin else None
        return path if path and path.exists() and find_spec(needs) else None

    return find


def _tiktoken_cache(name: str, sha256: str) -> Callable[[], Path | None]:
    """Finds an encoding that tiktoken downloaded earlier; only if whole, or tiktoken would fetch it again."""

    def find() -> Path | None:
        folder = os.environ.get("TIKTOKEN_CACHE_DIR") or Path(tempfile.gettempdir(), "data-gym-cache")
        path = Path(folder, hashlib.sha1(f"{_OPENAI}{name}.tiktoken".encode()).hexdigest())
        whole = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        return path if whole and find_spec("tiktoken") else None

    return find


def _load_lm(path: Path) -> tuple[Split, int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True  # "<s>" typed by a learner is four characters, not a control token

    def split(text: str) -> Pairs:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        return [
            (i, b"".join(WRITTEN[c] for c in token)) for i, token in zip(encoding.ids, encoding.tokens, strict=True)
        ]

    return split, tokenizer.get_vocab_size()


def _load_qwen(path: Path) -> tuple[Split, int]:
    from dashscope.tokenizers.qwen_tokenizer import QwenTokenizer

    # the encoding inside: the class around it would first compose accents (NFC), and the bytes would not be the text's
    encoding = QwenTokenizer(str(path))._tokenizer
    return _tiktoken_split(encoding), encoding.n_vocab


def _load_tiktoken(name: str) -> Callable[[Path], tuple[Split, int]]:
    def load(path: Path) -> tuple[Split, int]:
        import tiktoken

        encoding = tiktoken.get_encoding(name)
        return _tiktoken_split(encoding), encoding.n_vocab

    return load


def _tiktoken_split(encoding) -> Split:
    return lambda text: [(i, encoding.decode_single_token_bytes(i)) for i in encoding.encode_ordinary(text)]


def _load_tekken(path: Path) -> tuple[Split, int]:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tokenizer = Tekkenizer.from_file(path)

    def split(text: str) -> Pairs:
        return [(i, tokenizer.id_to_byte_piece(i)) for i in tokenizer.encode(text, bos=False, eos=False)]

    return split, tokenizer.n_words


def _load_sentencepiece(path: Path) -> tuple[Split, int]:
    from sentencepiece import SentencePieceProcessor

    tokenizer = SentencePieceProcessor(model_file=str(path))

    def split(text: str) -> Pairs:
        # a piece is a run of characters, with ▁ for a space, or one byte of a character: we read its bytes off the text
        pairs, at, byte = [], 0, 0
        for n, i in enumerate(tokenizer.encode(text)):
            if tokenizer.is_byte(i):
                character = utf8(text[at])
                pairs.append((i, character[byte : byte + 1]))
                at, byte = (at, byte + 1) if byte + 1 < len(character) else (at + 1, 0)
            else:
                length = len(tokenizer.id_to_piece(i)) - (n == 0)  # it puts one ▁ in front of the text
                pairs.append((i, utf8(text[at : at + length])))
                at += length
        return pairs

    return split, tokenizer.vocab_size()


def _find_lm() -> Path | None:
    path = Path(__file__).parent / "zoo" / "lm" / "tokenizer.json"
    return path if path.exists() else None


_QWEN = _inside("dashscope", "resources/qwen.tiktoken", needs="tiktoken")
_TEKKEN = _inside("mistral_common", "data/tekken_240911.json", needs="tiktoken")
_MISTRAL_V1 = _inside("mistral_common", "data/tokenizer.model.v1", needs="sentencepiece")
_CL100K = _tiktoken_cache("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")
_O200K = _tiktoken_cache("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")

SOURCES = (
    Source("lm", "", "本课的小模型", "this course's small model", _find_lm, _load_lm),
    Source("Qwen", "dashscope", "通义千问", "Alibaba's Qwen", _QWEN, _load_qwen),
    Source("Tekken", "mistral-common", "Mistral，2024 年起", "Mistral, since 2024", _TEKKEN, _load_tekken),
    Source("Mistral-v1", "mistral-common", "Mistral 7B，2023 年", "Mistral 7B, 2023", _MISTRAL_V1, _load_sentencepiece),
    Source("cl100k", "tiktoken", "GPT-3.5 和 GPT-4", "GPT-3.5 and GPT-4", _CL100K, _load_tiktoken("cl100k_base")),
    Source("o200k", "tiktoken", "GPT-4o", "GPT-4o", _O200K, _load_tiktoken("o200k_base")),
)


def source(name: str) -> Source:
    """The tokenizer with this name; CourseError for one that is unknown or not on this machine."""
    known = {s.name: s for s in SOURCES if s.find()}
    if name not in known:
        raise CourseError(
            f"这台机器上没有叫“{name}”的分词器，现有：{'、'.join(known)}。",
            f"There is no tokenizer “{name}” on this machine; there are {', '.join(known)}.",
        )
    return known[name]


@cache
def _loaded(name: str) -> tuple[Split, int]:
    found = source(name)
    return found.load(found.find())


def split(name: str, text: str) -> Pairs:
    """The text's tokens in tokenizer `name`: (id, bytes). CourseError for a lone surrogate or too long a text."""
    if len(text) > MAX_CHARS:
        raise CourseError(
            f"这段文字有 {len(text)} 个字符，一次最多 {MAX_CHARS} 个：请分段来试。",
            f"This text has {len(text)} characters; {MAX_CHARS} is the most at once: try it in parts.",
        )
    utf8(text)
    return _loaded(name)[0](text)


def vocab_size(name: str) -> int:
    """Number of tokens in the vocabulary of tokenizer `name`, control tokens included."""
    return _loaded(name)[1]


def available() -> dict[str, Split]:
    """Every tokenizer on this machine: name → (text → [(id, bytes), …]). Each is loaded when it is first used."""
    return {s.name: (lambda text, name=s.name: split(name, text)) for s in SOURCES if s.find()}


def missing_sentence() -> str:
    """What this machine lacks and how to get it, in one sentence; "" if it has all that come inside packages."""
    names = [s.name for s in SOURCES if s.package in ("dashscope", "mistral-common") and not s.find()]
    if not names:
        return ""
    return t(
        f"这台机器上没有 {'、'.join(names)} 的分词器，下面会少几行比较；"
        '要补上，请运行 pip install -e ".[tokenizers]"。',
        f"This machine lacks the tokenizers {', '.join(names)}, so the comparisons below have fewer rows; to add them, "
        'run pip install -e ".[tokenizers]".',
    )
