"""Diffusion: a picture is noise from which a network takes away, step by step, what it takes for noise.

The parts are those of a latent diffusion model (Rombach et al. 2022, arXiv:2112.10752) in diffusers' layout: `painter`
is a StableDiffusionPipeline, whose text encoder, UNet and VAE are called here by hand. Latents are (pictures, channels,
height, width), scaled as the UNet knows them; ᾱ is the share of signal in a noised picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

from aigc_course.errors import CourseError
from aigc_course.tokens import checked

Seeds = int | torch.Generator | Sequence[int | torch.Generator]


# ---- forward: from a picture to noise ------------------------------------------------------------------------------


def betas(levels: int = 1000, first: float = 0.00085, last: float = 0.012) -> Tensor:
    """How much noise each level adds, (levels,): Stable Diffusion's schedule, evenly spaced square roots."""
    if not isinstance(levels, Integral) or levels < 1 or not 0 < first <= last < 1:
        raise CourseError(
            f"级数要是正整数，β 要从小到大、在 0 和 1 之间；现在是 {levels} 级，从 {first} 到 {last}。",
            f"There must be at least one level, and β must rise between 0 and 1: not {levels} from {first} to {last}.",
        )
    return torch.linspace(first**0.5, last**0.5, levels) ** 2


def signal_left(betas: Tensor) -> Tensor:
    """ᾱ (levels,): the share of the picture's variance that is left at each level; the rest is noise (DDPM, eq. 4)."""
    _within(betas, "β")
    return torch.cumprod(1 - betas, 0)


def signal_to_noise(alpha_bar: Tensor) -> Tensor:
    """ᾱ / (1 − ᾱ): 1 where the picture and the noise weigh the same."""
    _within(alpha_bar)
    return alpha_bar / (1 - alpha_bar)


def add_noise(original: Tensor, noise: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """√ᾱ · x₀ + √(1 − ᾱ) · ε: a noised picture in one go (Ho et al. 2020, arXiv:2006.11239, eq. 4)."""
    _within(alpha_bar)
    _fitting(original, noise)
    return alpha_bar**0.5 * original + (1 - alpha_bar) ** 0.5 * noise


# ---- backward: one step --------------------------------------------------------------------------------------------


def predicted_original(x: Tensor, noise: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """`add_noise` solved for x₀: what the picture would be if the guessed noise were right (never at ᾱ = 0)."""
    _within(alpha_bar, above=True)
    _fitting(x, noise)
    return (x - (1 - alpha_bar) ** 0.5 * noise) / alpha_bar**0.5


def ddim_step(x: Tensor, noise: Tensor, alpha_bar: Tensor | float, alpha_bar_next: Tensor | float) -> Tensor:
    """Guess the original, then noise it again with the same noise, but less (Song et al. 2020, arXiv:2010.02502, eq. 12
    with σ = 0). alpha_bar: of x; alpha_bar_next: of the level to go to, nearer to the picture."""
    return add_noise(predicted_original(x, noise, alpha_bar), noise, alpha_bar_next)


def timesteps(steps: int, levels: int = 1000, offset: int = 1) -> list[int]:
    """Which levels are visited, from the noisiest on: diffusers' "leading" spacing, for 20 steps 951, 901, … 1."""
    if isinstance(steps, bool) or not isinstance(steps, Integral) or not 1 <= steps <= levels:
        raise CourseError(
            f"步数要是 1 到 {levels} 的整数，现在是 {steps}。请换一个，例如 20。",
            f"The number of steps must be a whole number from 1 to {levels}, but it is {steps}: try 20.",
        )
    return [k * (levels // int(steps)) + offset for k in reversed(range(steps))]


def guided(free: Tensor, told: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598): go on in the direction in which the prompt turns
    the guess. 0 is the guess without the prompt, 1 the one with it, above 1 exaggerates."""
    _fitting(free, told)
    return free + guidance * (told - free)


# ---- the components ------------------------------------------------------------------------------------------------


@torch.no_grad()
def embed(painter, prompts: str | Sequence[str]) -> Tensor:
    """The text encoder: prompts to embeddings (prompts, tokens, width), filled up to the longest prompt allowed.
    CourseError for no prompt, and for one that is too long, which the pipeline would silently cut."""
    texts = list(prompts) if isinstance(prompts, list | tuple) else [prompts]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise CourseError(
            "提示词要是一段文字，或一列文字（至少一段）。", "A prompt must be a text, or a list of at least one text."
        )
    longest = painter.tokenizer.model_max_length
    ids = painter.tokenizer([checked(text) for text in texts], padding="max_length", max_length=longest).input_ids
    if (most := max(map(len, ids))) > longest:
        raise CourseError(
            f"提示词太长：连首尾共 {most} 个 token，最多 {longest} 个。请缩短它。",
            f"The prompt is too long: {most} tokens with start and end, at most {longest}. Make it shorter.",
        )
    return painter.text_encoder(torch.tensor(ids, device=painter.device)).last_hidden_state


def initial_noise(painter, seed: Seeds = 0) -> Tensor:
    """Pure noise in the shape of the painter's latents, one for each seed; drawn on the CPU, where a seed means
    the same on every machine. A generator is drawn from as it stands."""
    side = painter.unet.config.sample_size
    shape = 1, painter.unet.config.in_channels, *([side] * 2 if isinstance(side, int) else side)
    drawn = [torch.randn(shape, generator=one, dtype=painter.unet.dtype) for one in _generators(seed)]
    return torch.cat(drawn).to(painter.device)


@torch.no_grad()
def encode_picture(painter, picture, seed: int | torch.Generator | None = None) -> Tensor:
    """The VAE's encoder: pictures (height, width, 3) or (pictures, height, width, 3), uint8, to latents.

    seed: None for the middle of the distribution that the encoder gives; else one sample of it, as diffusers'
    image-to-image draws it. CourseError for a picture of another size or kind.
    """
    pixels = np.asarray(picture)
    pixels = pixels[None] if pixels.ndim == 3 else pixels
    side = painter.unet.config.sample_size
    height, width = (n * painter.vae_scale_factor for n in ([side] * 2 if isinstance(side, int) else side))
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (height, width, 3):
        raise CourseError(
            f"图片要是 {height}×{width} 的 RGB（uint8），现在是 {pixels.dtype}、{np.shape(picture)}。请先转换、缩放。",
            f"The picture must be RGB, {height}×{width}, uint8, not {pixels.dtype} {np.shape(picture)}: convert it.",
        )
    x = 2 * (torch.from_numpy(pixels.astype(np.float32) / 255).permute(0, 3, 1, 2)) - 1
    spread = painter.vae.encode(x.to(painter.device, painter.vae.dtype)).latent_dist
    return (spread.mode() if seed is None else spread.sample(*_generators(seed))) * painter.vae.config.scaling_factor


@torch.no_grad()
def decode(painter, latents: Tensor) -> np.ndarray:
    """The VAE's decoder: latents to pictures (pictures, height, width, 3), uint8."""
    x = painter.vae.decode(_latents(painter, latents) / painter.vae.config.scaling_factor).sample
    x = (x / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu()
    return (x * 255).round().to(torch.uint8).numpy()


# ---- the loop ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What happened at noise level t; all tensors are latents. noise: the guess, guided; original: the picture that
    follows from it; after: what the next step gets, in the last step the result."""

    t: int
    before: Tensor
    noise: Tensor
    original: Tensor
    after: Tensor


@torch.no_grad()
def denoise(
    painter,
    prompt: str | Sequence[str],
    seed: Seeds = 0,
    steps: int = 20,
    guidance: float = 3.0,
    negative: str | Sequence[str] = "",
    start: Tensor | None = None,
    strength: float = 1.0,
    embedding: Tensor | None = None,
    noise: Tensor | None = None,
) -> list[Step]:
    """Paint: the loop of diffusers' StableDiffusionPipeline, every step kept. One prompt or seed serves for many of the
    other; `denoise(…)[-1].after` is the result. Below a guidance of 1 the pipeline would take 1.

    start, strength: image to image (SDEdit, Meng et al. 2021, arXiv:2108.01073): noise these latents and run only this
    share of the steps. embedding: used in place of the prompt's; noise: in place of the seed's.
    CourseError for values out of range, and for shapes and numbers that do not fit.
    """
    ts = _visited(painter, steps, guidance, start, strength)
    alpha_bar, gap = painter.scheduler.alphas_cumprod, painter.scheduler.config.num_train_timesteps // steps
    free = embed(painter, negative)
    told = embed(painter, prompt) if embedding is None else _embedding(embedding, free)
    x = initial_noise(painter, seed) if noise is None else _latents(painter, noise)
    if start is not None:
        x = add_noise(_latents(painter, start), x, alpha_bar[ts[0]])
    told, free, x = _side_by_side(told, free, x)
    text, path = torch.cat([free, told]), []
    for t in ts:
        both = painter.unet(torch.cat([x, x]), t, encoder_hidden_states=text).sample
        eps = guided(*both.chunk(2), guidance)
        after = alpha_bar[t - gap] if t >= gap else painter.scheduler.final_alpha_cumprod
        path.append(Step(t, x, eps, predicted_original(x, eps, alpha_bar[t]), ddim_step(x, eps, alpha_bar[t], after)))
        x = path[-1].after
    return path


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """From latents a (share 0) to b (share 1) along the sphere (Shoemake 1985): noise stays as long as noise must be. A
    straight line (`torch.lerp`, right for embeddings) would make it shorter in the middle."""
    _fitting(a, b)
    length = (torch.linalg.vector_norm(x.float(), dim=(-3, -2, -1), keepdim=True) for x in (a, b))
    cosine = (a.float() * b.float()).sum((-3, -2, -1), keepdim=True) / math.prod(length)
    angle = cosine.clamp(-1, 1).acos().clamp(1e-4, math.pi - 1e-4)
    mixed = torch.sin((1 - share) * angle) * a.float() + torch.sin(share * angle) * b.float()
    return (mixed / torch.sin(angle)).to(a.dtype)


# ---- checks of what is given ---------------------------------------------------------------------------------------


def _generators(seed: Seeds) -> list[torch.Generator]:
    seeds = seed if isinstance(seed, Sequence) else [seed]
    if not seeds or not all(isinstance(one, Integral | torch.Generator) for one in seeds):
        raise CourseError(
            f"种子要是一个整数，或至少一个整数的列表，{seed!r} 不是。",
            f"A seed must be a whole number, or a list of at least one; {seed!r} is not.",
        )
    return [s if isinstance(s, torch.Generator) else torch.Generator().manual_seed(int(s) % 2**64) for s in seeds]


def _latents(painter, given: Tensor) -> Tensor:
    """The latents on the painter's device, in its type; CourseError for anything else."""
    channels = painter.unet.config.in_channels
    if not isinstance(given, Tensor) or given.ndim != 4 or given.shape[1] != channels or not given.numel():
        shape = tuple(np.shape(given))
        raise CourseError(
            f"这里要潜变量，形状 (张数, {channels}, 高, 宽)，现在是 {shape}。图片请先用 encode_picture 变成潜变量。",
            f"Latents (pictures, {channels}, height, width) are needed, not {shape}: encode_picture makes them.",
        )
    return given.to(painter.device, painter.unet.dtype)


def _embedding(given: Tensor, usual: Tensor) -> Tensor:
    """Embeddings of one's own, on the device and in the type of the usual ones; CourseError for another shape."""
    if not isinstance(given, Tensor) or given.ndim != 3 or given.shape[1:] != usual.shape[1:]:
        wanted = ", ".join(map(str, usual.shape[1:]))
        raise CourseError(
            f"embedding 的形状要是 (张数, {wanted})，现在是 {tuple(np.shape(given))}。请用 embed 得到它。",
            f"An embedding must have the shape (pictures, {wanted}), not {tuple(np.shape(given))}: embed makes one.",
        )
    return given.to(usual)


def _fitting(a: Tensor, b: Tensor) -> None:
    """CourseError for tensors that cannot be added."""
    try:
        torch.broadcast_shapes(np.shape(a), np.shape(b))
    except RuntimeError as error:
        raise CourseError(
            f"形状 {tuple(np.shape(a))} 和 {tuple(np.shape(b))} 对不上，请让它们一样。",
            f"The shapes {tuple(np.shape(a))} and {tuple(np.shape(b))} do not fit: make them the same.",
        ) from error


def _within(shares: Tensor | float, name: str = "ᾱ", above: bool = False) -> None:
    """CourseError unless all are from 0 to 1, or above 0."""
    low, high = (float(edge) for edge in torch.as_tensor(shares, dtype=torch.float64).aminmax())
    if not (low >= 0 and high <= 1) or (above and low == 0):
        wanted = "(0, 1]" if above else "[0, 1]"
        raise CourseError(
            f"{name} 要在 {wanted} 里，现在是 {low:g} 到 {high:g}。请检查它是从哪里来的。",
            f"{name} must lie in {wanted}, but it is {low:g} to {high:g}: check where it comes from.",
        )


def _side_by_side(*parts: Tensor) -> list[Tensor]:
    """All repeated to the same number of pictures; CourseError where that is not possible."""
    most = max(map(len, parts))
    if any(len(part) not in (1, most) for part in parts):
        counts = ", ".join(str(len(part)) for part in parts)
        raise CourseError(
            f"提示词、反向提示词、起点的个数配不上：{counts}。请都给一样多，或只给一个。",
            f"Prompts, negative prompts and starts do not match in number: {counts}. Give as many of each, or one.",
        )
    return [part.expand(most, *part.shape[1:]) for part in parts]


def _visited(painter, steps: int, guidance: float, start: Tensor | None, strength: float) -> list[int]:
    """The noise levels that `denoise` goes through, its numbers checked."""
    levels, offset = painter.scheduler.config.num_train_timesteps, painter.scheduler.config.steps_offset
    timesteps(steps, levels - offset)  # refuses 1000 steps, for which diffusers has no level
    ts = timesteps(steps, levels, offset)
    if not isinstance(guidance, Real) or not math.isfinite(guidance):
        raise CourseError(f"引导强度要是有限的数，现在是 {guidance}。", f"The guidance must be finite, not {guidance}.")
    if not isinstance(strength, Real) or not 0 <= strength <= 1 or (strength < 1 and start is None):
        raise CourseError(
            f"strength 要在 0 和 1 之间，小于 1 时还要给 start（起点图片的潜变量）；现在是 {strength}。",
            f"strength must lie between 0 and 1, and below 1 there must be a start (latents); it is {strength}.",
        )
    if not (kept := min(int(steps * strength), steps)):
        raise CourseError(
            f"strength={strength} 在 {steps} 步里连一步也不到，图片不会变：请调大 strength 或步数。",
            f"strength={strength} is less than one of {steps} steps: raise the strength or the steps.",
        )
    return ts[steps - kept :]
