"""The painter: a small Stable Diffusion (arXiv:2112.10752), its text encoder and its UNet trained together.

They learn to tell the noise in the latents of drawn pictures from a caption in Chinese or English. First come single
shapes of one size near the middle: position and size vary only when the model can tell shapes apart. Later, for a
while, come pairs so noisy that only the caption says which thing is on which side; elsewhere the picture shows it.
"""

import copy
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from PIL import Image
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from aigc_course import train
from aigc_course.files import write_whole
from aigc_course.hub import load_painter
from aigc_course.picture_oracle import judge, readable
from aigc_course.pictures import Scene
from aigc_course.progress import home
from aigc_course.scenes import captions_of, examination, sample
from aigc_course.train import painter_exam, painter_vae
from aigc_course.train.painter_exam import paint
from aigc_course.train.painter_tokens import CONTEXT, build_tokenizer

STEPS, BATCH, LEARNING_RATE = 9000, 64, 1.5e-3
WIDTH, TEXT_LAYERS, CHANNELS = 128, 2, (64, 128)
POOL = {"plain": 6000, "sized": 4000, "placed": 10000, "thing": 8000, "pair": 24000}  # pictures, drawn and encoded once
FIRST = 0.12  # share of the steps with single shapes only
LAYOUT = 0.4, 0.5  # from here to there nearly only pairs, and of the noise levels none below HIGH
HIGH = 850
MIX = {"plain": 0.12, "sized": 0.08, "placed": 0.17, "thing": 0.15, "pair": 0.48}
PAIRS = {"plain": 0.05, "pair": 0.95}
DAMPED = 0.1  # of the loss, so that the loop's clipping of gradients seldom bites
DROPPED = 0.1  # captions left out, for guidance
CLEAN, MISLED = 400, 0.5  # below this noise step so many captions are false: what is visible counts more than words
PREVIEW = ("plain", "placed", "thing", "pair")
CURVE = "curve.csv"
GRID, SHOWN = "grid.png", {"plain": 16, "placed": 16, "thing": 40, "pair": 28}
SEEDS = (1,)
TOLERANCE = {"plain": 0.02, "unseen": 0.15, "pair": 0.1}
BARS = {"wrong": 0.03}


def settings(seed: int) -> dict:
    """What a training depends on."""
    own = {
        "seed": seed,
        "steps": STEPS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "width": WIDTH,
        "channels": list(CHANNELS),
        "scale": painter_vae.SCALE,
        "layout": list(LAYOUT),
        "mix": [f"{kind} {share}" for kind, share in MIX.items()],
        "misled": MISLED,
    }
    return own | {"vae": painter_vae.settings(seed)}


def build(seed: int) -> tuple[torch.nn.ModuleDict, object]:
    """({"vae", "text", "unet"}, tokenizer); the autoencoder is trained first, and frozen."""
    train.first("painter_vae", seed)
    vae = painter_vae.load(home() / "train" / f"painter_vae-{seed}" / "model").requires_grad_(False)
    torch.manual_seed(seed)
    tokenizer = build_tokenizer()
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=TEXT_LAYERS,
            num_attention_heads=4,
            max_position_embeddings=CONTEXT,
            projection_dim=WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    embeddings = text.get_input_embeddings()
    torch.nn.init.normal_(embeddings.weight, std=0.5)  # words must differ from the first step on
    torch.nn.init.normal_(text.embeddings.position_embedding.weight, std=0.1)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=painter_vae.LATENTS,
        out_channels=painter_vae.LATENTS,
        down_block_types=("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,  # the number of heads, despite its name
        norm_num_groups=16,
    )
    unet.set_attn_processor(AttnProcessor())  # 2 to 3 times faster than the default on a CPU in bfloat16
    return torch.nn.ModuleDict({"vae": vae, "text": text, "unet": unet}), tokenizer


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="leading",
    )


@torch.no_grad()
def pool(vae: AutoencoderKL, seed: int) -> dict[str, tuple[list[Scene], Tensor]]:
    """kind → (scenes, their scaled latents (N, 8, 8, 8))."""
    filled = {}
    for kind, n in POOL.items():
        rng = random.Random(f"painter {seed} {kind}")
        scenes = [sample(rng, kind) for _ in range(n)]
        parts = [vae.encode(painter_vae.pixels(scenes[i : i + 100])).latent_dist.mean for i in range(0, n, 100)]
        filled[kind] = scenes, torch.cat(parts) * vae.config.scaling_factor
    return filled


def lays_out(step: int) -> bool:
    """Whether this is a step of pairs in much noise."""
    return LAYOUT[0] * STEPS <= step < LAYOUT[1] * STEPS


def batch_of(filled: dict, seed: int, step: int) -> tuple[list[Scene], Tensor, random.Random]:
    """(scenes, latents, the step's own generator)."""
    rng = random.Random(f"painter {seed} {step}")
    mix = {"plain": 1} if step < FIRST * STEPS else PAIRS if lays_out(step) else MIX
    kinds = rng.choices(list(mix), list(mix.values()), k=BATCH)
    picked = [(kind, rng.randrange(len(filled[kind][0]))) for kind in kinds]
    return [filled[k][0][i] for k, i in picked], torch.stack([filled[k][1][i] for k, i in picked]), rng


def levels(step: int, draw: torch.Generator) -> Tensor:
    """(BATCH,) noise levels from 0 to 999: more of the high ones, nothing else while pairs are laid out."""
    u = torch.rand(BATCH, generator=draw)
    return (HIGH + (1000 - HIGH) * u if lays_out(step) else 1000 * u.sqrt()).long().clamp(max=999)


def losses(model: torch.nn.ModuleDict, tokenizer, seed: int) -> Callable[[int], Iterator[Tensor]]:
    """step → its loss: the squared error of the noise that is told, over the share of signal left. So noisy steps count
    as they do where v is told (Salimans & Ho 2022, arXiv:2202.00512): what is settled there, which thing is on which
    side, hardly shows in the plain error."""
    filled = pool(model["vae"], seed)
    keep = scheduler().alphas_cumprod

    def of(step: int) -> Iterator[Tensor]:
        scenes, latents, rng = batch_of(filled, seed, step)
        draw = torch.Generator().manual_seed(rng.getrandbits(60))
        t = levels(step, draw)
        words = captions_of(scenes, rng)
        words = ["" if rng.random() < DROPPED else w for w in words]
        words = [
            rng.choice(words) if at < CLEAN and rng.random() < MISLED else w for at, w in zip(t, words, strict=True)
        ]
        noise = torch.randn(latents.shape, generator=draw)
        share = keep[t].view(-1, 1, 1, 1)
        ids = tokenizer(words, padding="max_length", return_tensors="pt").input_ids
        with torch.autocast("cpu", torch.bfloat16):
            told = model["unet"](
                share.sqrt() * latents + (1 - share).sqrt() * noise, t, model["text"](ids).last_hidden_state
            ).sample
        yield DAMPED * ((told.float() - noise).pow(2) / share).mean()

    return of


def pipeline(model: torch.nn.ModuleDict, tokenizer) -> StableDiffusionPipeline:
    """The parts put together."""
    pipe = StableDiffusionPipeline(
        vae=model["vae"],
        text_encoder=model["text"],
        tokenizer=tokenizer,
        unet=model["unet"],
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def painted(pipe: StableDiffusionPipeline, wanted: dict[str, int]) -> list[tuple[str, Scene, np.ndarray]]:
    """(kind, scene, picture) of so many captions of each kind, none of them trained on."""
    asked = [(kind, scene, text) for kind, n in wanted.items() for scene, text in examination(kind, n)]
    pictures = paint(pipe, [text for _, _, text in asked], seed=0)
    return [(kind, scene, picture) for (kind, scene, _), picture in zip(asked, pictures, strict=True)]


def grid(pictures: Sequence[np.ndarray], columns: int) -> Image.Image:
    """Pictures in rows, with white lines between them."""
    framed = [np.pad(each, ((1, 1), (1, 1), (0, 0)), constant_values=255) for each in pictures]
    rows = [np.concatenate(framed[i : i + columns], 1) for i in range(0, len(framed), columns)]
    return Image.fromarray(np.concatenate(rows))


def right(shown: Sequence[tuple[str, Scene, np.ndarray]]) -> dict[str, str]:
    """kind → how many of its pictures are right in all that the oracle reads, as "3/4"; kinds that it reads only."""
    told: dict[str, list[bool]] = {}
    for kind, scene, picture in shown:
        if readable(scene):
            told.setdefault(kind, []).append(all(judge(picture, scene).values()))
    return {kind: f"{sum(marks)}/{len(marks)}" for kind, marks in told.items()}


def preview(model: torch.nn.ModuleDict, tokenizer, path: Path) -> None:
    """What is painted now, as a PNG named after the step, and how much of it is right, as a row of curve.csv."""
    shown = painted(pipeline(model.eval(), tokenizer), dict.fromkeys(PREVIEW, 4))
    grid([picture for _, _, picture in shown], columns=8).save(path)
    add_to_curve(path.with_name(CURVE), int(path.stem), right(shown))
    model.train()


def add_to_curve(curve: Path, step: int, marks: dict[str, str]) -> None:
    """Write the row of `step`; rows of later steps are of an earlier training and go."""
    lines = curve.read_text(encoding="utf-8").splitlines()[1:] if curve.exists() else []
    before = [line for line in lines if int(line.split(",")[0]) < step]
    rows = [",".join(["step", *marks]), *before, ",".join([str(step), *marks.values()])]
    write_whole(curve, "\n".join(rows) + "\n")


def save(model: torch.nn.ModuleDict, tokenizer, folder: Path) -> Path:
    """Write the pipeline in float16 and diffusers' layout, what it paints as grid.png, for people to look at, and how
    its training went as curve.csv."""
    pipeline(copy.deepcopy(model).half(), tokenizer).save_pretrained(folder)
    shown = painted(pipeline(model, tokenizer), SHOWN)
    grid([picture for _, _, picture in shown], columns=10).quantize(128).save(folder / GRID, optimize=True)
    curve = folder.parent / "previews" / CURVE
    if curve.exists():
        shutil.copy(curve, folder / CURVE)
    return folder


def measure(folder: Path, seed: int) -> dict[str, float]:
    """`painter_exam.examine` on what was saved, as a learner loads it."""
    return painter_exam.examine(load_painter(str(folder), "cpu"))


def card(results: dict[int, dict]) -> str:
    """The model's README."""
    names = [k for k in next(iter(results.values())) if k not in ("loss", "wall_seconds", "cpu_seconds", "n", "wrong")]
    heading = " | ".join(names)
    rows = "\n".join(
        f"| {seed} | " + " | ".join(f"{100 * r[name]:.1f} %" for name in names) + " |" for seed, r in results.items()
    )
    shown = sum(SHOWN.values())
    return f"""---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
language: [zh, en]
---
# painter

A small Stable Diffusion for the AIGC Course: text encoder, UNet, image decoder and scheduler in diffusers' layout. Its
only data are the pictures and captions of `aigc_course/pictures.py` and `aigc_course/scenes.py`, 64 × 64 pixels.
Made by `aigc train painter --publish`. It knows the words of its captions and nothing else.

Pictures that are right in everything that an oracle reads from their pixels (background, colour, shape, place,
relation), 20 steps, guidance 3, three sampling seeds, captions never trained on:

| training seed | {heading} |
|{"---|" * (len(names) + 1)}
{rows}

plain: one shape in the middle; unseen: colour and shape never seen together. Image to image, the prompt asking for
another shape, colour and background, 3 × 100 pictures: layout at strength .3: place and extent are the given picture's;
kept: its background and colour, too; followed at .8: background, colour and shape are the prompt's.
No picture of the training held more than two shapes; what it makes of three is measured in the lesson.

![{shown} captions never trained on]({GRID})

[{CURVE}]({CURVE}): how many of four pictures of each kind were right while it trained.

{shown} captions never trained on, each painted once: shapes in the middle, shapes elsewhere, known things, pairs. Faces
in dark colours are smeared, small ones lose their features: the decoder has no room for them.
"""
