"""How long GRPO takes until the model solves 95 % of unseen stories: `aigc_course.rl` against TRL's GRPOTrainer.

Both start from r1_zero_base with `rl.Settings()`: the same stories in the same order, as many samples, the same clip,
KL weight, learning rate and number of steps on each batch, float32, one thread. They take turns, an update each, so
that whatever else the machine does hits both. The clock of each runs during its own updates only and counts processor
seconds; the test (greedy, every CHECK updates) is on nobody's clock.
"""

import copy
import random
import tempfile
import time
from dataclasses import dataclass

import torch

from aigc_course import hub, rl, stories
from aigc_course.reasoning import attempts

BASE = "r1_zero_base"
BAR = 0.95
TESTED = 200
CHECK = 5
CAP = 900  # processor seconds for each
UPDATES = 300  # stories are drawn for so many
SEED = 0
SETTINGS = rl.Settings()


@dataclass
class Racer:
    """One of the two: its model, its clock, and whether it has arrived."""

    name: str
    pair: tuple
    seconds: float = 0.0
    updates: int = 0
    accuracy: float = 0.0

    @property
    def arrived(self) -> bool:
        return self.accuracy >= BAR

    @property
    def done(self) -> bool:
        return self.arrived or self.seconds > CAP or self.updates >= UPDATES

    def lap(self, seconds: float, tested: list[stories.Story]) -> None:
        """Count an update of so many seconds; now and then look how good the model is."""
        self.seconds += seconds
        self.updates += 1
        if self.updates % CHECK == 0:
            tried = attempts(self.pair, [story.text for story in tested], max_new_tokens=SETTINGS.max_new_tokens)
            self.accuracy = sum(a.answer == s.answer for s, [a] in zip(tested, tried, strict=True)) / len(tested)
            print(f"{self.name}: {self.updates} updates, {self.seconds:.0f} s, {self.accuracy:.1%}", flush=True)


def race(ours: Racer, trl: Racer, tested: list[stories.Story], folder: str) -> None:
    """Run TRL's training; after each of its updates comes one of ours."""
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from datasets import Dataset

    reference = copy.deepcopy(ours.pair[0])
    updates = rl.grpo(*ours.pair, UPDATES, settings=SETTINGS, reference=reference, seed=SEED)
    rng = random.Random(SEED)  # the stories that rl.grpo draws
    told = [
        stories.draw(rng, False, operations=SETTINGS.operations, kinds=SETTINGS.kinds)
        for _ in range(UPDATES * SETTINGS.prompts)
    ]

    def reward(completions: list[str], answer: list[int], **_) -> list[float]:
        return [float(stories.split_reply(text)[1] == right) for text, right in zip(completions, answer, strict=True)]

    def our_turn() -> None:
        start = time.process_time()
        next(updates)
        ours.lap(time.process_time() - start, tested)

    class Turns(TrainerCallback):
        def on_train_begin(self, args, state, control, **_):
            self.start = time.process_time()

        def on_step_end(self, args, state, control, **_):
            if state.global_step % SETTINGS.inner:
                return
            trl.lap(time.process_time() - self.start, tested)
            if not ours.done:
                our_turn()
            while trl.done and not ours.done:
                our_turn()
            control.should_training_stop = trl.done
            self.start = time.process_time()

    config = GRPOConfig(
        output_dir=folder,
        max_steps=UPDATES * SETTINGS.inner,
        per_device_train_batch_size=SETTINGS.prompts * SETTINGS.samples,
        num_generations=SETTINGS.samples,
        num_iterations=SETTINGS.inner,
        max_completion_length=SETTINGS.max_new_tokens,
        temperature=SETTINGS.temperature,
        loss_type="grpo",
        epsilon=SETTINGS.clip,
        beta=SETTINGS.beta,
        use_bias_correction_kl=False,
        learning_rate=SETTINGS.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=SETTINGS.warm_up * SETTINGS.inner,
        adam_beta1=SETTINGS.betas[0],
        adam_beta2=SETTINGS.betas[1],
        max_grad_norm=1.0,
        shuffle_dataset=False,
        # what would only slow TRL down here
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        disable_tqdm=True,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        seed=SEED,
    )
    model, tokenizer = trl.pair
    asked = Dataset.from_list([{"prompt": story.text, "answer": story.answer} for story in told])
    GRPOTrainer(model, reward, config, asked, processing_class=tokenizer, callbacks=[Turns()]).train()


def main() -> dict[str, float | str]:
    """Race, print, and return processor seconds and updates of both, and TRL's seconds over ours."""
    torch.set_num_threads(1)
    rng = random.Random("test")
    tested = [stories.draw(rng, True) for _ in range(TESTED)]
    ours, trl = (Racer(name, hub.load_lm(BASE, "cpu")) for name in ("ours", "trl"))
    with tempfile.TemporaryDirectory() as folder:
        race(ours, trl, tested, folder)
    result: dict[str, float | str] = {"bar": BAR, "threads": 1}
    for racer in (ours, trl):
        shown = round(racer.seconds, 1) if racer.arrived else f"not reached in {racer.seconds:.0f} s"
        result |= {f"{racer.name}_s": shown, f"{racer.name}_updates": racer.updates}
        result[f"{racer.name}_s_per_update"] = round(racer.seconds / racer.updates, 2)
    result["ratio_per_update"] = round(trl.seconds / trl.updates / (ours.seconds / ours.updates), 2)
    if ours.arrived and trl.arrived:
        result["ratio"] = round(trl.seconds / ours.seconds, 2)
    print(result)
    return result


if __name__ == "__main__":
    main()
