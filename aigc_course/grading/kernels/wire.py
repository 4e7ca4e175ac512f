"""Jupyter's message protocol as a driver needs it that trusts nothing: signed, bounded, and never more than JSON.

https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

DELIMITER = b"<IDS|MSG>"


class Malformed(Exception):
    """The kernel sent something that no honest kernel sends."""


@dataclass(frozen=True)
class Message:
    kind: str
    parent: str
    content: dict


def _signature(key: bytes, frames: list[bytes]) -> bytes:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for frame in frames:
        mac.update(frame)
    return mac.hexdigest().encode()


def pack(key: bytes, session: str, kind: str, content: dict) -> tuple[str, list[bytes]]:
    """The message's id and its frames."""
    name = secrets.token_hex(16)
    header = {
        **{"msg_id": name, "msg_type": kind, "session": session, "username": "grader", "version": "5.3"},
        "date": datetime.now(UTC).isoformat(),
    }
    frames = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return name, [DELIMITER, _signature(key, frames), *frames]


def _load(frame: bytes) -> dict:
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {type(error).__name__}") from None
    if type(value) is not dict:
        raise Malformed("not a JSON object")
    return value


def unpack(key: bytes, frames: list[bytes]) -> Message:
    """The message in the frames; Malformed for whatever is not a rightly signed one. Buffers are left out."""
    if DELIMITER not in frames:
        raise Malformed("no delimiter")
    _, signature, *parts = frames[frames.index(DELIMITER) :] + [b""] * (frames[-1] == DELIMITER)
    if len(parts) < 4:
        raise Malformed("too few frames")
    if not hmac.compare_digest(signature, _signature(key, parts[:4])):
        raise Malformed("wrong signature")
    header, parent, _, content = map(_load, parts[:4])
    kind, answered = header.get("msg_type"), parent.get("msg_id", "")
    if type(kind) is not str or type(answered) is not str:
        raise Malformed("no type")
    return Message(kind, answered, content)
