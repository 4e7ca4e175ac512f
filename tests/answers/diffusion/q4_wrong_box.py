# measures the box around it
import numpy as np

from aigc_course.pictures import BACKGROUNDS, COLOURS


def nearest(values, among):
    """The index of the colour of `among` that is nearest, for each value."""
    return ((values[..., None, :] - np.array(list(among), float)) ** 2).sum(-1).argmin(-1)


def describe(picture, colour):
    pixels = np.array(picture, float)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = list(BACKGROUNDS)[nearest(np.median(edge, 0), BACKGROUNDS.values())]
    palette = {ground: BACKGROUNDS[ground]} | COLOURS
    found = nearest(pixels, palette.values())
    mask = found == list(palette).index(colour)
    rows, columns = np.flatnonzero(mask.sum(1) > 2), np.flatnonzero(mask.sum(0) > 2)
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) if len(rows) and len(columns) else 0
    return [ground, float(box / mask.size)]
