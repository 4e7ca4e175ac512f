"""The painter's image autoencoder: 64 × 64 × 3 pixels to 8 × 8 × 8 latents and back.

A variational autoencoder (arXiv:1312.6114) that learns from scenes drawn afresh. When it is saved, its latents are
centred and whitened by folding that linear map into its 1 × 1 convolutions, so that all of them meet the diffusion
model's noise at the same scale, `scaling_factor`.
"""

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from aigc_course.picture_oracle import judge, readable
from aigc_course.pictures import SIDE, Scene, draw
from aigc_course.scenes import KINDS, sample
from aigc_course.train.muon import Muon

STEPS, BATCH, LEARNING_RATE = 4500, 16, 2e-3
CHANNELS, LATENTS = (16, 32, 64, 64), 8  # with four latent channels it stays at 24 decibels where eight reach 27
KL, EDGES, BLOCKS = 3e-4, 0.3, 1.0  # weights of the loss terms
# of the whitened latents, for diffusion: at 1 the noisiest level still shows which of two things is where, and the
# painter would learn to look there instead of reading the caption
SCALE = 0.5
FLOOR = 0.05  # of the largest eigenvalue: directions that hardly vary are not blown up
BATCHES = 16  # of pictures: 64 in each to whiten by, 32 in each to measure on
TOLERANCE = {"psnr": 1.5}
BARS = {"misread": 0.03}
SEEDS = (1,)


def settings(seed: int) -> dict:
    """What a training depends on."""
    return {
        "seed": seed,
        "steps": STEPS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "channels": list(CHANNELS),
        "kl": KL,
        "latents": LATENTS,
        "edges": EDGES,
        "blocks": BLOCKS,
    }


def build(seed: int) -> tuple[AutoencoderKL, None]:
    """(autoencoder, no tokenizer)."""
    torch.manual_seed(seed)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(CHANNELS),
        up_block_types=("UpDecoderBlock2D",) * len(CHANNELS),
        block_out_channels=CHANNELS,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=8,
        sample_size=SIDE,
        scaling_factor=SCALE,
        mid_block_add_attention=False,
    )
    return vae, None


def optimizer(vae: AutoencoderKL) -> Muon:
    """Muon for all but the first and last convolution: AdamW is 10 decibels behind after 700 steps."""
    return Muon(vae, LEARNING_RATE, lambda name: not name.endswith(("conv_in.weight", "conv_out.weight")))


def pixels(scenes: list[Scene]) -> Tensor:
    """Pictures of scenes, (B, 3, SIDE, SIDE), from -1 to 1."""
    stacked = np.stack([draw(scene) for scene in scenes])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 127.5 - 1


def batch_of(seed: int | str, step: int, n: int, test: bool = False) -> list[Scene]:
    """Scenes of all kinds."""
    rng = random.Random(f"vae {seed} {step}")
    return [sample(rng, rng.choice(KINDS), test) for _ in range(n)]


def losses(vae: AutoencoderKL, tokenizer: None, seed: int) -> Callable[[int], Iterator[Tensor]]:
    """step → its loss: L1 and L2 of the pixels, L1 of their differences (sharp edges) and of the means of 4 × 4 pixels
    (true colours, early), and the KL divergence to the unit Gaussian."""

    def of(step: int) -> Iterator[Tensor]:
        x = pixels(batch_of(seed, step, BATCH))
        with torch.autocast("cpu", torch.bfloat16):
            spread = vae.encode(x).latent_dist
            y = vae.decode(spread.sample()).sample.float()
        edges = sum((torch.diff(x, dim=d) - torch.diff(y, dim=d)).abs().mean() for d in (2, 3))
        blocks = torch.nn.functional.avg_pool2d(x - y, 4).abs().mean()
        kl = 0.5 * (spread.mean.pow(2) + spread.var - 1 - spread.logvar).float().mean()
        yield (x - y).abs().mean() + (x - y).pow(2).mean() + EDGES * edges + BLOCKS * blocks + KL * kl

    return of


@torch.no_grad()
def whitened(vae: AutoencoderKL) -> AutoencoderKL:
    """A copy whose latents have mean 0, covariance about 1, no noise of their own, and decode to the same pictures."""
    vae = copy.deepcopy(vae).eval()
    z = torch.cat([vae.encode(pixels(batch_of("white", i, 64))).latent_dist.mean for i in range(BATCHES)])
    z = z.permute(0, 2, 3, 1).reshape(-1, LATENTS).double()
    mean = z.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(z.T))
    scale = values.clamp_min(FLOOR * values.max()).sqrt()
    forth = (vectors / scale @ vectors.T).float()
    back = (vectors * scale @ vectors.T).float()
    mean = mean.float()
    into, out = vae.quant_conv, vae.post_quant_conv
    into.weight[:LATENTS] = torch.einsum("ij,jkhw->ikhw", forth, into.weight[:LATENTS].clone())
    into.bias[:LATENTS] = forth @ (into.bias[:LATENTS] - mean)
    into.weight[LATENTS:], into.bias[LATENTS:] = 0, -9  # log-variances
    out.bias += torch.einsum("ijhw,j->i", out.weight, mean)
    out.weight.copy_(torch.einsum("ijhw,jk->ikhw", out.weight.clone(), back))
    return vae


def save(vae: AutoencoderKL, tokenizer: None, folder: Path) -> Path:
    """Write it, whitened, in float16 and diffusers' layout."""
    whitened(vae).half().save_pretrained(folder)
    return folder


def load(folder: Path) -> AutoencoderKL:
    return AutoencoderKL.from_pretrained(folder, dtype=torch.float32).eval()


@torch.no_grad()
def measure(folder: Path, seed: int) -> dict[str, float]:
    """On 512 scenes never trained on. psnr: decibels; misread: the share that the oracle reads wrongly after decoding
    (known things, which it cannot read, left out)."""
    vae, errors, wrong = load(folder), [], []
    for i in range(BATCHES):
        scenes = batch_of("measure", i, 32, test=True)
        x = pixels(scenes)
        y = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
        errors.append((x - y).pow(2).mean() / 4)
        seen = zip(scenes, as_bytes(y), strict=True)
        wrong += [not all(judge(picture, scene).values()) for scene, picture in seen if readable(scene)]
    return {"psnr": float(-10 * torch.stack(errors).mean().log10()), "misread": sum(wrong) / len(wrong)}


def as_bytes(y: Tensor) -> np.ndarray:
    """Pictures (B, 3, H, W) from -1 to 1 as (B, H, W, 3), uint8."""
    return ((y.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
