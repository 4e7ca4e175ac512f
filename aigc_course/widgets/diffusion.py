"""The denoising desk: what the painter sees at each step, where it thinks that leads, and where each word acts."""

import base64
import io
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from traitlets import Dict, Float, Int, List

from aigc_course import hub
from aigc_course.cross_attention import cross_layers, watched, words_of
from aigc_course.diffusion import Step, decode, denoise
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

LARGEST = 128  # pixels of a picture's side in the page; larger ones are scaled down
FINEST = 16  # places along a side of the attention maps, at most
MOST_STEPS = 50
AT_ONCE = 8  # pictures per call of the decoder: more are not faster on a CPU
QUALITY = 88  # of the pictures, as WebP: a run of 20 steps has about 35 kB
STILL_STEPS, STILL_SIDE = 5, 116


class DenoisingDesk(CourseWidget):
    """Paintings step by step: choose prompt, seed and guidance, move over the steps, look at the attention of a word.

    painter: a role of course.toml, or a painter as `hub.load_painter` gives it. prompts: by default two that differ in
    one word. Every prompt is painted with every seed and guidance here, once; the page needs no Python.
    """

    _esm, _css = page_files(__file__)

    prompts = List(Dict(), help='[{"text": …, "words": […]}, …]').tag(sync=True)
    seeds = List(Int(), help="of the noise that the paintings begin with").tag(sync=True)
    guidances = List(Float(), help="how much the prompt's effect is exaggerated").tag(sync=True)
    levels = List(help="of each step [t, ᾱ]").tag(sync=True)
    sizes = Dict(help="[height, width] of picture, latents and maps").tag(sync=True)
    runs = List(Dict(), help="by prompt, seed and guidance, see `_packed`").tag(sync=True)
    chosen = Int(help="the guidance shown first, by its place").tag(sync=True)

    def __init__(
        self,
        painter="painter",
        prompts: Sequence[str] | None = None,
        seeds: Sequence[int] = (1, 2, 3),
        guidances: Sequence[float] = (0.0, 1.0, 3.0, 7.5),
        steps: int = 20,
        **kwargs,
    ) -> None:
        painter = hub.load_painter(painter) if isinstance(painter, str) else painter
        asked = _usual() if prompts is None else prompts
        if not all(isinstance(each, Sequence) and each for each in (asked, seeds, guidances)) or isinstance(asked, str):
            raise CourseError(
                "去噪台要三个列表，都不能是空的：提示词、种子、引导强度。",
                "The desk needs three lists, none of them empty: prompts, seeds and guidances.",
            )
        if isinstance(steps, int) and steps > MOST_STEPS:
            raise CourseError(
                f"去噪台最多显示 {MOST_STEPS} 步，现在是 {steps} 步，请减少。",
                f"The desk shows at most {MOST_STEPS} steps, not {steps}: take fewer.",
            )
        runs, sizes, levels = _runs(painter, asked, seeds, guidances, steps)
        super().__init__(
            prompts=[{"text": text, "words": [word for word, _ in words_of(painter, text)]} for text in asked],
            seeds=list(seeds),
            guidances=[float(guidance) for guidance in guidances],
            levels=levels,
            sizes=sizes,
            runs=runs,
            chosen=min(range(len(guidances)), key=lambda i: abs(guidances[i] - 3)),
            **kwargs,
        )

    def static_svg(self) -> str:
        """The path of the painting shown first, in a few steps."""
        title = t("去噪台", "The denoising desk")
        run, last = self.runs[self.chosen], len(self.levels) - 1
        steps = sorted({round(last * i / (STILL_STEPS - 1)) for i in range(STILL_STEPS)})
        (h, w), (rows, columns) = self.sizes["picture"], self.sizes["latents"]
        sheet = Image.open(io.BytesIO(run["sheet"])).convert("RGB")
        colours = np.frombuffer(run["latents"], np.uint8).reshape(-1, rows, columns, 3)
        setting = (
            t("种子", "seed") + f" {self.seeds[0]} · " + t("引导", "guidance") + f" {self.guidances[self.chosen]:g}"
        )
        shapes = [
            svg.text(24, 36, title, 18, font_weight=600),
            svg.text(736, 36, setting, 14, svg.SOFT, text_anchor="end"),
            svg.text(24, 66, svg.fit(self.prompts[0]["text"] or t("（空）", "(empty)"), 16, 712), 16),
        ]
        labels = [
            (t("模型看到的", "what the model"), t("潜变量", "sees: latents")),
            (t("同样的，", "the same,"), t("解码成图片", "decoded")),
            (t("它猜的", "its guess at"), t("最终图片", "the picture")),
        ]
        for i, words in enumerate(labels):
            y = 108 + i * (STILL_SIDE + 8)
            shapes += [svg.text(24, y + 52 + 20 * k, line, 14, svg.SOFT) for k, line in enumerate(words)]
        for i, step in enumerate(steps):
            x = 144 + i * (STILL_SIDE + 4)
            name = t(f"第 {step + 1} 步", f"step {step + 1}")
            shapes.append(svg.text(x + STILL_SIDE // 2, 98, name, 14, text_anchor="middle"))
            small = Image.fromarray(colours[step]).resize((STILL_SIDE, STILL_SIDE), Image.Resampling.NEAREST)
            frames = [sheet.crop((step * w, r * h, (step + 1) * w, (r + 1) * h)) for r in range(2)]
            sources = [_url(small, "PNG", optimize=True)]
            sources += [_url(frame, "JPEG", quality=QUALITY, subsampling=0, optimize=True) for frame in frames]
            shapes += [_image(x, 108 + k * (STILL_SIDE + 8), source) for k, source in enumerate(sources)]
        bottom = 108 + 3 * (STILL_SIDE + 8)
        note = t("静态图；运行单元格就能逐步看", "A still picture: run the cell to move over the steps")
        shapes.append(svg.text(736, bottom + 18, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, bottom + 34, title, shapes)


def _usual() -> list[str]:
    return [
        t("浅蓝色背景上的红色心形", "a red heart on a pale blue background"),
        t("浅蓝色背景上的黄色心形", "a yellow heart on a pale blue background"),
    ]


def _runs(
    painter, prompts: Sequence[str], seeds: Sequence[int], guidances: Sequence[float], steps: int
) -> tuple[list[dict], dict, list]:
    """(what `_packed` gives of each painting, by prompt, seed and guidance; sizes; levels)"""
    layers, pairs = _finest(painter, prompts[0]), list(product(prompts, seeds))
    by_guidance = [_painted(painter, layers, pairs, steps, guidance) for guidance in guidances]
    made = [each for same_pair in zip(*by_guidance, strict=True) for each in same_pair]
    drawn = [_decoded(painter, path) for path, _ in made]
    mix = colouring(
        torch.cat([step.original for path, _ in made for step in path]),
        np.concatenate([pictures[steps:] for pictures in drawn]),
    )
    first, maps = made[0]
    height, width = first[0].before.shape[-2:]
    rows = round(height * (maps.shape[-1] / (height * width)) ** 0.5)
    sizes = {
        "picture": list(drawn[0].shape[1:3]),
        "latents": [height, width],
        "maps": [rows, maps.shape[-1] // rows],
    }
    levels = [[step.t, round(float(painter.scheduler.alphas_cumprod[step.t]), 4)] for step in first]
    return [_packed(*one, pictures, mix) for one, pictures in zip(made, drawn, strict=True)], sizes, levels


def _painted(
    painter, layers: list[str], pairs: list[tuple[str, int]], steps: int, guidance: float
) -> list[tuple[list[Step], Tensor]]:
    """(path, shares of attention (steps, words, places)) for each pair of prompt and seed, all painted at once."""
    with watched(painter, layers) as seen:
        path = denoise(painter, *zip(*pairs, strict=True), steps, guidance)
    # of each call of the UNet the second half of the batch is the one with the prompt
    shares = torch.stack([torch.stack(notes)[:, len(pairs) :] for notes in seen.values()]).mean(0)
    found = []
    for i, (prompt, _) in enumerate(pairs):
        own = [_only(step, i) for step in path]
        words = [shares[:, i, :, tokens].sum(-1) for _, tokens in words_of(painter, prompt)]
        found.append((own, torch.stack(words, 1) if words else shares.new_empty(steps, 0, shares.shape[2])))
    return found


def _finest(painter, prompt: str) -> list[str]:
    """The cross-attention layers whose maps show most, of at most FINEST places along a side; found by one step."""
    with watched(painter) as seen:
        denoise(painter, prompt, steps=1)
    places = {name: notes[0].shape[1] for name, notes in seen.items()}
    best = max((n for n in places.values() if n <= FINEST**2), default=min(places.values()))
    return [name for name in cross_layers(painter) if places[name] == best]


def _only(step: Step, i: int) -> Step:
    """One painting of several."""
    parts = step.before, step.noise, step.original, step.after
    return Step(step.t, *(part[i : i + 1].float().cpu() for part in parts))


def _decoded(painter, path: list[Step]) -> np.ndarray:
    """(2 · steps, height, width, 3): what the model saw at each step, then the originals it predicted."""
    latents = torch.cat([step.before for step in path] + [step.original for step in path])
    pictures = np.concatenate([decode(painter, part) for part in latents.split(AT_ONCE)])
    if (most := max(pictures.shape[1:3])) <= LARGEST:
        return pictures
    height, width = (round(n * LARGEST / most) for n in pictures.shape[1:3])
    return np.stack([np.asarray(Image.fromarray(each).resize((width, height))) for each in pictures])


def colouring(latents: Tensor, pictures: np.ndarray) -> np.ndarray:
    """How to mix the channels of latents (n, channels, h, w) to red, green and blue, so that each place comes nearest
    to its part of the pictures (n, H, W, 3): (channels + 1, 3), the last row a constant. Least squares."""
    small = torch.nn.functional.adaptive_avg_pool2d(
        torch.from_numpy(pictures).permute(0, 3, 1, 2).float(), latents.shape[-2:]
    )
    known, wanted = (x.permute(0, 2, 3, 1).flatten(0, 2).double().numpy() for x in (latents, small))
    return np.linalg.lstsq(np.pad(known, ((0, 0), (0, 1)), constant_values=1.0), wanted, rcond=None)[0]


def coloured(latents: Tensor, mix: np.ndarray) -> np.ndarray:
    """Latents (n, channels, h, w) mixed by `colouring` to uint8 pictures (n, h, w, 3)."""
    mixed = latents.permute(0, 2, 3, 1).double().numpy() @ mix[:-1] + mix[-1]
    return mixed.clip(0, 255).round().astype(np.uint8)


def _packed(path: list[Step], shares: Tensor, pictures: np.ndarray, mix: np.ndarray) -> dict[str, bytes]:
    """What the page needs of a painting: "sheet", a WebP with the steps in columns, above what the model saw, decoded,
    below the predicted originals; "latents" (steps, h, w, 3), the same mixed to colours; "maps" (steps, words, places),
    the square roots of the shares of attention, in 255ths: small shares need the finer steps."""
    rows = [np.concatenate(list(part), 1) for part in np.split(pictures, 2)]
    return {
        "sheet": _file(Image.fromarray(np.concatenate(rows)), "WEBP", quality=QUALITY),
        "latents": coloured(torch.cat([step.before for step in path]), mix).tobytes(),
        "maps": (255 * shares.clamp(0, 1).sqrt()).round().to(torch.uint8).numpy().tobytes(),
    }


def _file(picture: Image.Image, kind: str, **settings) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


def _url(picture: Image.Image, kind: str, **settings) -> str:
    return f"data:image/{kind.lower()};base64,{base64.b64encode(_file(picture, kind, **settings)).decode()}"


def _image(x: int, y: int, source: str) -> str:
    return f'<image x="{x}" y="{y}" width="{STILL_SIDE}" height="{STILL_SIDE}" href="{source}"/>'
