"""The places where chat models answer, and what they charge: data/endpoints.toml, read for `aigc_course.llm`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang


@dataclass(frozen=True)
class Endpoint:
    """A place where models answer. key: the *name* of the environment variable that holds the key, None where none is
    asked for; models: ids, the first is the usual one; the other fields are those of data/endpoints.toml."""

    name: str
    base_url: str
    models: tuple[str, ...] = ()
    key: str | None = None
    free: bool = False
    thinking: Mapping = field(default_factory=dict)
    prices: Mapping = field(default_factory=dict)
    about_zh: str = ""
    about_en: str = ""

    @property
    def about(self) -> str:
        return self.about_zh if get_lang() == "zh" else self.about_en

    @property
    def host(self) -> str:
        """Machine and port, for people; a password in base_url is left out."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def own(self) -> bool:
        """Whether it is on this machine."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Usage:
    """Tokens of one call: of the prompt, how many of these came from the endpoint's cache, written (the thinking
    included), and how many of those were thinking, None where the endpoint does not say."""

    prompt: int
    cached: int
    written: int
    thinking: int | None = None


@cache
def endpoints() -> dict[str, Endpoint]:
    """The known endpoints by name."""
    table = tomllib.loads((files("aigc_course") / "data" / "endpoints.toml").read_text(encoding="utf-8"))
    return {name: Endpoint(name, **entry | {"models": tuple(entry["models"])}) for name, entry in table.items()}


def find(name: str) -> Endpoint:
    """The endpoint with this name; CourseError where there is none."""
    if name not in endpoints():
        raise CourseError(
            f"没有叫“{name}”的接口，可选：{'、'.join(endpoints())}。",
            f"There is no endpoint called “{name}”. Known: {', '.join(endpoints())}.",
        )
    return endpoints()[name]


def cost(place: Endpoint, model: str, usage: Usage | None, when: datetime | None = None) -> float | None:
    """The price of one call in the endpoint's currency; None where usage or price is not known.

    when: the time of the call, now if None; some endpoints charge more at busy hours.
    """
    if place.free:
        return 0.0
    price, peak = place.prices.get(model), place.prices.get("peak")
    if usage is None or price is None:
        return None
    when = (when or datetime.now(UTC)).astimezone(UTC)
    busy = peak and when.weekday() < 5 and any(start <= when.hour < end for start, end in peak["hours"])
    fresh = usage.prompt - usage.cached
    millionths = fresh * price["prompt"] + usage.cached * price["cached"] + usage.written * price["written"]
    return millionths / 1e6 * (peak["factor"] if busy else 1)
