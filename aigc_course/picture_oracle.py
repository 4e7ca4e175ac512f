"""An oracle that reads a picture's pixels: which shapes in which colours on which background, and where.

It knows nothing of how the picture came about, so it judges drawn pictures and painted ones alike.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from PIL import Image, ImageDraw

from aigc_course.pictures import BACKGROUNDS, COLOURS, FINE, SHAPES, Scene, outline, place, upright

WIDTH = 48  # pixels, of the squares in which shapes are compared


@dataclass(frozen=True)
class Seen:
    """What the oracle sees of one object. x, y: its centre, as shares of the side; area: as a share of the picture;
    likeness: to the shape, 0 to 1."""

    shape: str
    colour: str
    x: float
    y: float
    area: float
    likeness: float


@cache
def _templates() -> dict[str, np.ndarray]:
    """Each shape, filled into a square of WIDTH pixels: booleans."""
    width, found = WIDTH, {}
    for shape in SHAPES:
        mask = Image.new("L", (width * FINE, width * FINE), 0)
        points = np.array(outline(shape))
        low, high = points.min(0), points.max(0)
        ImageDraw.Draw(mask).polygon([tuple(p) for p in (points - low) / (high - low) * width * FINE], fill=255)
        found[shape] = np.asarray(mask.resize((width, width), Image.Resampling.BOX)) > 127
    return found


def read(picture: np.ndarray) -> tuple[str, list[Seen]]:
    """(background, objects) of a picture (side, side, 3), uint8: the colours by their distance, the shapes by overlap.

    Objects are told apart by their colours; spots of less than 1 % of the picture are left out.
    """
    names = [*BACKGROUNDS, *COLOURS]
    background = _background(picture)
    colours = [*range(len(BACKGROUNDS), len(names))]
    nearest = _nearest(picture, [background, *colours])
    # an edge is a mixture and may look like a third colour: only what fills something solid is an object
    solid = [c for c in colours if _core(nearest == c).sum() > 0.01 * nearest.size]
    if not solid:
        return names[background], []
    nearest = _nearest(picture, [background, *solid])
    return names[background], [_seen(nearest == c, names[c]) for c in solid]


def extent(picture: np.ndarray) -> tuple[float, float, float]:
    """(x, y, area) of all that is not background, whatever its colours: the centre of its box and its share of the
    picture, as in `Seen`; area 0 where there is nothing."""
    background = _background(picture)
    mask = _filled(_nearest(picture, [background, *range(len(BACKGROUNDS), len(_PALETTE))]) != background)
    if not mask.any():
        return 0.5, 0.5, 0.0
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    side = len(mask)
    x, y = ((at[0] + at[-1] + 1) / 2 / side for at in (columns, rows))
    return float(x), float(y), float(mask.mean())


_PALETTE = np.array([*BACKGROUNDS.values(), *COLOURS.values()], float)


def _background(picture: np.ndarray) -> int:
    """The number of the background, by the median of the border."""
    border = np.concatenate([picture[:2].reshape(-1, 3), picture[-2:].reshape(-1, 3), picture[:, :2].reshape(-1, 3)])
    return int(((_PALETTE[: len(BACKGROUNDS)] - np.median(border, 0)) ** 2).sum(-1).argmin())


def _nearest(picture: np.ndarray, choices: list[int]) -> np.ndarray:
    """For each pixel the nearest of these colours, by number."""
    return np.array(choices)[((picture[..., None, :] - _PALETTE[choices]) ** 2).sum(-1).argmin(-1)]


def _core(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask whose four neighbours belong to it too."""
    inner = mask.copy()
    for axis in (0, 1):
        for step in (1, -1):
            inner &= np.roll(mask, step, axis)
    return inner


def _seen(mask: np.ndarray, colour: str) -> Seen:
    """The shape that overlaps best; tips thinner than a pixel are lost in the mask, so its box may have to grow."""
    whole = _filled(mask)
    rows, columns = np.flatnonzero(whole.any(1)), np.flatnonzero(whole.any(0))
    box = np.array([rows[0], rows[-1] + 1, columns[0], columns[-1] + 1])
    best = ("none", 0.0)
    for up, down, sides in product((0, 1, 2), (0, 1, 2), (0, 1)):
        top, bottom, left, right = box + np.array([-up, down, -sides, sides])
        cut = Image.fromarray(mask).crop((left, top, right, bottom)).convert("L")
        square = np.asarray(cut.resize((WIDTH, WIDTH), Image.Resampling.BILINEAR)) > 127
        for shape, template in _templates().items():
            likeness = (square & template).sum() / (square | template).sum()
            best = max(best, (shape, float(likeness)), key=lambda pair: pair[1])
    side = len(mask)
    return Seen(
        best[0], colour, (box[2] + box[3]) / 2 / side, (box[0] + box[1]) / 2 / side, float(mask.mean()), best[1]
    )


def _filled(mask: np.ndarray) -> np.ndarray:
    """The mask without specks: its core and what touches that."""
    core = _core(mask)
    grown = core.copy()
    for axis in (0, 1):
        for step in (1, -1):
            grown |= np.roll(core, step, axis)
    return mask & grown


def readable(scene: Scene) -> bool:
    """Whether `judge` can say anything of a scene: it knows no outlines but SHAPES."""
    return all(o.what in SHAPES for o in scene.objects)


def judge(picture: np.ndarray, scene: Scene, least: float = 0.75) -> dict[str, bool]:
    """Whether a picture shows the scene: {"background", "colour", "shape", "place", "relation"} (shapes only, no known
    things). place: of a single object; relation: of two or three. least: how much a shape must be like its name.
    """
    background, seen = read(picture)
    by_colour = {one.colour: one for one in seen}
    told = {"background": background == scene.background, "colour": set(by_colour) == {o.colour for o in scene.objects}}
    found = [by_colour.get(o.colour) for o in scene.objects]
    told["shape"] = all(
        f is not None and f.shape == o.what and f.likeness >= least for f, o in zip(found, scene.objects, strict=True)
    )
    places = [place(o.x, o.y) == (f is not None and place(f.x, f.y)) for f, o in zip(found, scene.objects, strict=True)]
    told["place"] = bool(scene.relation) or all(places)
    told["relation"] = not scene.relation or (None not in found and _stand(scene, found))
    return told


def _stand(scene: Scene, found: list[Seen]) -> bool:
    first, second, *others = found
    upper_or_lower = zip(scene.objects[2:], others, strict=True)
    return _holds(scene.relation, first, second) and all(
        _holds(upright(o), third, one) for o, third in upper_or_lower for one in (first, second)
    )


def _holds(relation: str, first: Seen, second: Seen) -> bool:
    across, down = first.x - second.x, first.y - second.y
    amount = {"left of": -across, "right of": across, "above": -down, "below": down}[relation]
    return bool(amount > 0.15 and amount > abs(down if relation.endswith("of") else across))
