"""Tokens per second of `rollouts.rollout` against transformers' `generate`: same model, same prompts, same batch.

Two jobs: the likeliest text for 128 stories, and GRPO's batch, 16 stories with 8 samples each. The two programs take
turns, so that whatever else the machine does hits both. Fill is not counted, each text's end token is.
"""

import random
import time
from collections.abc import Callable

import torch

from aigc_course import hub, stories
from aigc_course.rollouts import rollout

MODEL = "reasoner"
ROUNDS = 5
MAX_NEW_TOKENS = 96
JOBS = {"greedy": (128, 1), "sampled": (16, 8)}  # stories, samples of each

Ids = list[list[int]]


def writers(model, tokenizer, texts: list[str], samples: int) -> dict[str, Callable[[], Ids]]:
    """{"ours": …, "generate": …}: each writes `samples` texts after every story; one sample is greedy."""
    prompts = tokenizer(texts)["input_ids"]
    filled = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left")
    how = {"do_sample": True, "top_k": 0, "num_return_sequences": samples} if samples > 1 else {"do_sample": False}

    def ours() -> Ids:
        return rollout(model, prompts, max_new_tokens=MAX_NEW_TOKENS, temperature=float(samples > 1), samples=samples)

    @torch.inference_mode()
    def generate() -> Ids:
        written = model.generate(**filled, max_new_tokens=MAX_NEW_TOKENS, **how)
        return [
            without_fill(row, tokenizer.eos_token_id) for row in written[:, filled["input_ids"].shape[1] :].tolist()
        ]

    return {"ours": ours, "generate": generate}


def without_fill(row: list[int], end: int) -> list[int]:
    """The ids up to the end token, and with it."""
    return row[: row.index(end) + 1] if end in row else row


def main() -> dict[str, float]:
    """Measure, print, and return tokens per second of both, and ours over generate's."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, tokenizer = hub.load_lm(MODEL, "cpu")
    rng = random.Random(0)
    result: dict[str, float] = {"rounds": ROUNDS, "threads": 1}
    for job, (count, samples) in JOBS.items():
        both = writers(model, tokenizer, [stories.draw(rng, True).text for _ in range(count)], samples)
        first = {name: write() for name, write in both.items()}  # warms both up
        if samples == 1 and first["ours"] != first["generate"]:
            raise SystemExit("rollout and generate wrote different texts: their speeds cannot be compared")
        seconds, tokens = dict.fromkeys(both, 0.0), dict.fromkeys(both, 0)
        for _ in range(ROUNDS):
            for name, write in both.items():
                start = time.perf_counter()
                written = write()
                seconds[name] += time.perf_counter() - start
                tokens[name] += sum(map(len, written))
        speed = {name: tokens[name] / seconds[name] for name in both}
        result |= {f"{job}_{name}_tokens_per_s": round(each) for name, each in speed.items()}
        result[f"{job}_ratio"] = round(speed["ours"] / speed["generate"], 2)
        print(f"{job}: ours {speed['ours']:.0f} tokens/s, generate {speed['generate']:.0f}: {result[f'{job}_ratio']} ×")
    return result


if __name__ == "__main__":
    main()
