"""Pictures per second of the painter: `diffusion.denoise`, which keeps every step, against diffusers' pipeline.

Twenty steps, one thread, one picture at a time and sixteen together. The two programs take turns, so that whatever else
the machine does hits both, and their pictures must agree before they are timed.
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from aigc_course import diffusion, hub

PROMPT = "a red circle on a white background"
STEPS, GUIDANCE = 20, 3.0
ROUNDS = 5
SIZES = {"single": 1, "batch": 16}


def painters(painter, count: int) -> dict[str, Callable[[], np.ndarray]]:
    """{"ours": …, "diffusers": …}: each paints `count` pictures (count, height, width, 3), uint8."""
    noise = diffusion.initial_noise(painter, range(count))

    def ours() -> np.ndarray:
        path = diffusion.denoise(painter, PROMPT, noise=noise, steps=STEPS, guidance=GUIDANCE)
        return diffusion.decode(painter, path[-1].after)

    def pipeline() -> np.ndarray:
        out = painter([PROMPT] * count, latents=noise, num_inference_steps=STEPS, guidance_scale=GUIDANCE)
        return np.stack([np.asarray(picture) for picture in out.images])

    return {"ours": ours, "diffusers": pipeline}


def main() -> dict[str, float]:
    """Measure, print, and return pictures per second of both, and ours over diffusers'."""
    torch.set_num_threads(1)
    painter = hub.load_painter("painter", "cpu")
    result: dict[str, float] = {"rounds": ROUNDS, "threads": 1, "steps": STEPS}
    for size, count in SIZES.items():
        both = painters(painter, count)
        first = {name: paint().astype(int) for name, paint in both.items()}  # warms both up
        if np.abs(first["ours"] - first["diffusers"]).max() > 1:
            raise SystemExit("denoise and diffusers painted different pictures: their speeds cannot be compared")
        seconds = dict.fromkeys(both, 0.0)
        for _ in range(ROUNDS):
            for name, paint in both.items():
                start = time.perf_counter()
                paint()
                seconds[name] += time.perf_counter() - start
        speed = {name: ROUNDS * count / seconds[name] for name in both}
        result |= {f"{size}_{name}_pictures_per_s": round(each, 1) for name, each in speed.items()}
        result[f"{size}_ratio"] = round(speed["ours"] / speed["diffusers"], 2)
        print(f"{size}: ours {speed['ours']:.1f} pictures/s, diffusers {speed['diffusers']:.1f}")
    return result


if __name__ == "__main__":
    main()
