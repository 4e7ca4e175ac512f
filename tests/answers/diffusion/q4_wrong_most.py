# takes the commonest colour for the background
import numpy as np

from aigc_course.pictures import BACKGROUNDS, COLOURS


def nearest(values, among):
    """The index of the colour of `among` that is nearest, for each value."""
    return ((values[..., None, :] - np.array(list(among), float)) ** 2).sum(-1).argmin(-1)


def describe(picture, colour):
    pixels = np.array(picture, float)
    votes = np.bincount(nearest(pixels, [*BACKGROUNDS.values(), *COLOURS.values()]).ravel(), minlength=11)
    most = np.array([*BACKGROUNDS.values(), *COLOURS.values()])[votes.argmax()]
    ground = list(BACKGROUNDS)[nearest(most, BACKGROUNDS.values())]
    palette = {ground: BACKGROUNDS[ground]} | COLOURS
    found = nearest(pixels, palette.values())
    return [ground, float((found == list(palette).index(colour)).mean())]
