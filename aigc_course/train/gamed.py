"""Short runs with good and bad rewards, stored for the lesson `rl`: `python -m aigc_course.train.gamed`."""

import copy
from collections.abc import Iterator

from aigc_course import arms, reasoning, rl

BASE = "r1_zero_base"
REWARDS = {
    "length": rl.length_reward,
    "form": rl.form_reward,
    "brevity": rl.brevity_reward,
    "gated": rl.gated_reward,
}
UPDATES = 16
SETTINGS = rl.Settings(prompts=8, operations=range(1, 5), learning_rate=3e-4, warm_up=2, max_new_tokens=64)
SEEDS = (1, 2, 3)


def run(reward: str, seed: int, updates: int = UPDATES) -> Iterator[rl.Update]:
    """GRPO from a fresh copy of the base with one of the rewards."""
    base, tokenizer = reasoning.load(BASE)
    yield from rl.grpo(copy.deepcopy(base), tokenizer, updates, REWARDS[reward], SETTINGS, reference=base, seed=seed)


if __name__ == "__main__":
    for seed in SEEDS:
        for reward in REWARDS:
            file = arms.run_path(f"gamed_{reward}-{seed}")
            arms.save_run(list(run(reward, seed)), file)
            print(file, flush=True)
