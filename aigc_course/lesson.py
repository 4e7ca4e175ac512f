"""What every notebook does first."""

import os
import random
import sys

from aigc_course import course
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang

TIERS = ("cpu", "gpu")
SEED = 0
_tier = "cpu"


def tier() -> str:
    """The tier of the running lesson, "cpu" unless `begin` was told otherwise."""
    return _tier


def brief() -> bool:
    """Whether a test or a build runs the lesson (AIGC_BRIEF=1), not a person: live trainings are then cut short."""
    return os.environ.get("AIGC_BRIEF") == "1"


def begin(slug: str, lang: str, tier: str = "cpu") -> None:
    """Set up the lesson `slug`: language, tier ("cpu" or "gpu"), figure style, seeds, quiet libraries.

    CourseError for an unknown slug, language or tier.
    """
    global _tier
    set_lang(lang)
    course.lesson(slug)
    if tier not in TIERS:
        raise CourseError(f"没有“{tier}”这一档，请用 cpu 或 gpu。", f"There is no tier “{tier}”: use cpu or gpu.")
    _tier = tier
    # read by transformers and tokenizers when they are imported, so before the lesson's own imports
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

    import numpy
    import torch

    if "transformers" in sys.modules:  # a warm kernel has imported it already
        sys.modules["transformers"].logging.set_verbosity_error()
    from aigc_course import plot

    plot.style()
    random.seed(SEED)
    numpy.random.seed(SEED)
    torch.manual_seed(SEED)
