"""Simple pictures with captions in Chinese and English: what the painter learns from.

A scene is one object, two objects with a relation between them, or one of a few things that everybody knows, before a
plain background; an examination has scenes of three objects too. Pictures are RGB, 64 × 64, drawn four times as large
and shrunk, which gives clean edges.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64  # pixels
FINE = 4  # drawn so many times as large
COLOURS = {
    "red": (222, 45, 38),
    "green": (35, 150, 70),
    "blue": (35, 95, 220),
    "yellow": (250, 200, 20),
    "purple": (135, 60, 185),
    "orange": (250, 130, 20),
}
BACKGROUNDS = {
    "white": (255, 255, 255),
    "black": (25, 25, 28),
    "grey": (150, 150, 150),
    "pale blue": (200, 225, 248),
    "pale pink": (252, 215, 225),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond")
THINGS = ("sun", "house", "tree", "cat", "smiling face")
RELATIONS = ("left of", "right of", "above", "below")


@dataclass(frozen=True)
class Thing:
    """One object. what: of SHAPES or THINGS; x, y: its centre, size: its radius, as shares of the side."""

    what: str
    colour: str
    x: float = 0.5
    y: float = 0.5
    size: float = 0.3


@dataclass(frozen=True)
class Scene:
    """relation: of the first object to the second, "" where there is only one. A third stands above or below both."""

    background: str
    objects: tuple[Thing, ...]
    relation: str = ""


# ---- drawing ---------------------------------------------------------------------------------------------------------


def outline(shape: str) -> list[tuple[float, float]]:
    """The corners of a shape around (0, 0), y down, within a circle of radius 1 (all look about equally large)."""
    if shape == "square":
        return [(x, y) for x, y in ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85))]
    if shape == "diamond":
        return [(0, -1.05), (0.8, 0), (0, 1.05), (-0.8, 0)]
    if shape == "triangle":
        return [(0, -0.95), (1.0, 0.8), (-1.0, 0.8)]
    if shape == "star":
        turns = [math.pi * k / 5 for k in range(10)]
        return [((1.08, 0.45)[k % 2] * math.sin(a), -(1.08, 0.45)[k % 2] * math.cos(a)) for k, a in enumerate(turns)]
    turns = [2 * math.pi * k / 120 for k in range(120)]
    if shape == "heart":
        x = [math.sin(a) ** 3 for a in turns]
        y = [-(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)) / 16 for a in turns]
        return [(u, v - 0.1) for u, v in zip(x, y, strict=True)]
    return [(0.95 * math.cos(a), 0.95 * math.sin(a)) for a in turns]


class _Pen:
    """Draws on a canvas in the units of one object: (0, 0) is its centre, 1 its radius."""

    def __init__(self, draw: ImageDraw.ImageDraw, thing: Thing, side: int):
        self.draw, self.thing, self.side = draw, thing, side

    def _at(self, points) -> list[tuple[float, float]]:
        t = self.thing
        return [((t.x + x * t.size) * self.side, (t.y + y * t.size) * self.side) for x, y in points]

    def fill(self, points, colour) -> None:
        self.draw.polygon(self._at(points), fill=colour)

    def disc(self, x: float, y: float, r: float, colour) -> None:
        (left, top), (right, bottom) = self._at([(x - r, y - r), (x + r, y + r)])
        self.draw.ellipse((left, top, right, bottom), fill=colour)

    def line(self, points, width: float, colour) -> None:
        self.draw.line(self._at(points), fill=colour, width=round(width * self.thing.size * self.side), joint="curve")

    def box(self, left: float, top: float, right: float, bottom: float, colour) -> None:
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour)


DARK = (60, 45, 40)


def _sun(pen: _Pen, colour) -> None:
    for k in range(8):
        a = math.pi * k / 4
        pen.line([(0.72 * math.cos(a), 0.72 * math.sin(a)), (1.1 * math.cos(a), 1.1 * math.sin(a))], 0.16, colour)
    pen.disc(0, 0, 0.58, colour)


def _house(pen: _Pen, colour) -> None:
    pen.box(-0.75, -0.1, 0.75, 0.9, colour)
    pen.fill([(-1.0, -0.1), (0, -1.0), (1.0, -0.1)], (140, 60, 45))
    pen.box(-0.18, 0.35, 0.18, 0.9, DARK)
    pen.box(0.33, 0.12, 0.6, 0.4, (255, 255, 255))


def _tree(pen: _Pen, colour) -> None:
    pen.box(-0.16, 0.2, 0.16, 1.0, (120, 80, 45))
    for x, y, r in ((0, -0.5, 0.5), (-0.4, -0.08, 0.45), (0.4, -0.08, 0.45)):
        pen.disc(x, y, r, colour)


def _face(pen: _Pen, colour) -> None:
    pen.disc(0, 0, 0.95, colour)
    for x in (-0.35, 0.35):
        pen.disc(x, -0.25, 0.13, DARK)
    turns = [math.pi * k / 20 for k in range(2, 19)]
    pen.line([(0.55 * math.cos(a), 0.12 + 0.45 * math.sin(a)) for a in turns], 0.13, DARK)


def _cat(pen: _Pen, colour) -> None:
    for s in (-1, 1):
        pen.fill([(s * 0.85, -0.95), (s * 0.86, 0.0), (s * 0.15, -0.6)], colour)
    pen.disc(0, 0.1, 0.85, colour)
    for s in (-1, 1):
        pen.disc(s * 0.34, -0.05, 0.14, DARK)
        for y in (0.28, 0.48):
            pen.line([(s * 0.3, 0.36), (s * 1.05, y)], 0.06, DARK)
    pen.fill([(-0.12, 0.24), (0.12, 0.24), (0, 0.4)], DARK)


_KNOWN = {"sun": _sun, "house": _house, "tree": _tree, "smiling face": _face, "cat": _cat}


def draw(scene: Scene, side: int = SIDE) -> np.ndarray:
    """The picture of a scene: (side, side, 3), uint8."""
    big = side * FINE
    canvas = Image.new("RGB", (big, big), BACKGROUNDS[scene.background])
    for thing in scene.objects:
        pen = _Pen(ImageDraw.Draw(canvas), thing, big)
        if thing.what in SHAPES:
            pen.fill(outline(thing.what), COLOURS[thing.colour])
        else:
            _KNOWN[thing.what](pen, COLOURS[thing.colour])
    return np.asarray(canvas.resize((side, side), Image.Resampling.BOX))


# ---- captions --------------------------------------------------------------------------------------------------------

_ZH = {
    "red": "红色", "green": "绿色", "blue": "蓝色", "yellow": "黄色", "purple": "紫色", "orange": "橙色",
    "white": "白色", "black": "黑色", "grey": "灰色", "pale blue": "浅蓝色", "pale pink": "浅粉色",
    "circle": "圆形", "square": "正方形", "triangle": "三角形", "star": "星形", "heart": "心形", "diamond": "菱形",
    "sun": "太阳", "house": "房子", "tree": "树", "cat": "猫", "smiling face": "笑脸",
    "left of": "左边", "right of": "右边", "above": "上面", "below": "下面", "small": "小", "large": "大",
}  # fmt: skip
_COUNTED = {"house": "座", "tree": "棵", "cat": "只", "smiling face": "张"}  # 一个 for all others
SMALL, LARGE = 0.22, 0.37  # an object on its own is called so below the first size and above the second
ASIDE = 0.12  # share of the side by which it is called left or right, top or bottom
_PLACES = {  # (column, row)
    (0, -1): ("at the top", "上方"),
    (0, 1): ("at the bottom", "下方"),
    (-1, 0): ("on the left", "左侧"),
    (1, 0): ("on the right", "右侧"),
    (-1, -1): ("at the top left", "左上角"),
    (1, -1): ("at the top right", "右上角"),
    (-1, 1): ("at the bottom left", "左下角"),
    (1, 1): ("at the bottom right", "右下角"),
}
# {a}: an object, {one}: with its article; {b}, {ab}: the background; {on}, {at}: where the object is; {o}: the second
_SINGLE = {
    "en": (
        "{one} {on} {ab} background",
        "{one}{at}, {b} background",
        "a picture of {one} {on} {ab} background",
        "{ab} background with {one}{at}",
    ),
    "zh": ("{b}背景{on}的{a}", "{b}背景，{a}{at}", "{b}背景{on}有{one}", "{one}{at}，{b}背景"),
}
_PAIR = {
    "en": ("{one} {r} {o} on {ab} background", "{one} {r} {o}, {b} background"),
    "zh": ("{b}背景上，{a}在{o}的{r}", "{b}背景，{o}的{r}有{one}"),
}
_THIRD = {"en": ", {one} {r}", "zh": "，{a}在{r}"}


def upright(third: Thing) -> str:
    """Where a third object stands, seen from the other two: "above" or "below"."""
    return "above" if third.y < 0.5 else "below"


def _sized(thing: Thing) -> str:
    return "small" if thing.size < SMALL else "large" if thing.size > LARGE else ""


def place(x: float, y: float) -> tuple[int, int]:
    """(column, row) of a point, each -1 (left, top), 0 (in the middle) or 1."""
    column, row = (int(v > 0.5 + ASIDE) - int(v < 0.5 - ASIDE) for v in (x, y))
    return column, row


def _words(thing: Thing, lang: str, size: str) -> dict[str, str]:
    """{"a", "one"}: what an object is called, and with its article or count."""
    if lang == "en":
        name = f"{size} {thing.colour} {thing.what}".strip()
        return {"a": name, "one": _article(name)}
    noun = _ZH.get(size, "") + _ZH[thing.what]
    name = f"{_ZH[thing.colour]}{'的' if len(noun) == 1 else ''}{noun}"
    return {"a": name, "one": f"一{_COUNTED.get(thing.what, '个')}{name}"}


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def caption(scene: Scene, lang: str, form: int = 0) -> str:
    """What to write about a scene. form: one of a few ways to say it; 0 is the plainest."""
    first = scene.objects[0]
    b = _ZH[scene.background] if lang == "zh" else scene.background
    words = {"b": b, "ab": _article(b)} | _words(first, lang, "" if scene.relation else _sized(first))
    if scene.relation:
        words["o"] = _words(scene.objects[1], lang, "")["a" if lang == "zh" else "one"]
        words["r"] = _ZH[scene.relation] if lang == "zh" else scene.relation
    else:
        there = _PLACES.get(place(first.x, first.y), ("", ""))[lang == "zh"]
        if lang == "zh":
            words |= {"on": there or "上", "at": f"在{there}" if there else ""}
        else:
            words |= {"on": f"{there} of" if there else "on", "at": f" {there}" if there else ""}
    ways = (_PAIR if scene.relation else _SINGLE)[lang]
    text = ways[form % len(ways)].format(**words)
    for third in scene.objects[2:]:
        r = _ZH[upright(third)] if lang == "zh" else upright(third)
        text += _THIRD[lang].format(r=r, **_words(third, lang, ""))
    return text
