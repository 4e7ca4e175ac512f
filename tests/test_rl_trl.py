"""aigc_course.rl against TRL's GRPOTrainer: the same samples and rewards go through TRL's own code and through ours.

Nothing is trained: TRL samples from a random Llama, scales the rewards and computes its loss; ours gets its samples.
"""

import pytest
import torch
from tiny import llama

from aigc_course import rl, stories
from aigc_course.reasoning import Attempt
from aigc_course.train.reasoning import build_tokenizer

# TRL asks transformers for attributes by their old names
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

TEXTS = (
    "Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?",
    "小明有7个苹果，又买了5个，现在有几个？",
)
SAMPLES = 16
LENGTH = 12


def score(completion_ids, **_) -> list[float]:
    """A reward that differs within a group and takes many values."""
    return [sum(ids) % 7 / 3 - 1 for ids in completion_ids]


@pytest.fixture(scope="module", params=[1.0, 0.7], ids="at {}".format)
def sampled(request, tmp_path_factory):
    """(TRL's trainer, what it sampled and scored, the model before and its reference), then the model has moved on."""
    from transformers import AutoModelForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    from datasets import Dataset

    folder, tokenizer = tmp_path_factory.mktemp("trl"), build_tokenizer()
    llama(len(tokenizer)).save_pretrained(folder / "base")
    model, before = (AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32) for _ in range(2))
    model.generation_config.eos_token_id = [2, *range(100, 200)]  # so that texts of different lengths come about
    settings = GRPOConfig(
        output_dir=str(folder),
        use_cpu=True,
        bf16=False,
        report_to="none",
        loss_type="grpo",
        beta=0.1,
        use_bias_correction_kl=False,  # that factor is DeepSeek-V3.2's; DeepSeekMath, whose formula is ours, has none
        temperature=request.param,
        num_generations=SAMPLES,
        num_iterations=2,  # so that it keeps the old log-probabilities
        per_device_train_batch_size=len(TEXTS) * SAMPLES,
        max_completion_length=LENGTH,
    )
    asked = Dataset.from_list([{"prompt": text} for text in TEXTS])
    trainer = GRPOTrainer(model, score, settings, asked, processing_class=tokenizer)
    with torch.no_grad():  # a reference that is not the model itself
        jolt(trainer.ref_model, 0.02, seed=1)
    torch.manual_seed(0)
    model.train()
    batch = trainer._generate_and_score_completions([{"prompt": text} for text in TEXTS for _ in range(SAMPLES)])
    trainer.current_gradient_accumulation_steps = 1  # which its training loop would set
    jolt(model, 0.05, seed=2)
    return trainer, batch, before, tokenizer


@torch.no_grad()
def jolt(model, size: float, seed: int) -> None:
    """Move every weight a little, so that log-probabilities differ as they do after a step."""
    torch.manual_seed(seed)
    for weight in model.parameters():
        weight += size * torch.randn_like(weight)


@pytest.fixture(scope="module")
def ours(sampled):
    """TRL's samples as our batch: (ids, mask)."""
    _, batch, _, tokenizer = sampled
    told = [stories.Story("", text, 0, ()) for text in TEXTS for _ in range(SAMPLES)]
    tried = [Attempt(ids, "", "", None) for ids in written(batch)]
    return rl.batch(tokenizer, list(zip(told, tried, strict=True)))


def written(batch: dict) -> list[list[int]]:
    """The ids that TRL sampled, without fill."""
    rows = zip(batch["completion_ids"], batch["completion_mask"].bool(), strict=True)
    return [ids[keep].tolist() for ids, keep in rows]


def laid_out(theirs: torch.Tensor, batch: dict, mask: torch.Tensor) -> torch.Tensor:
    """TRL's numbers per written token (texts, longest) in our places."""
    return torch.zeros_like(mask).masked_scatter(mask.bool(), theirs[batch["completion_mask"].bool()])


def test_the_advantage_is_trls(sampled):
    _, batch, *_ = sampled
    rewards = torch.tensor(score(written(batch))).view(len(TEXTS), SAMPLES)
    assert (rewards.std(-1) > 0).all()
    assert torch.allclose(rl.advantage(rewards).flatten(), batch["advantages"], atol=1e-6)


def test_the_log_probabilities_are_trls(sampled, ours):
    trainer, batch, before, _ = sampled
    ids, mask = ours
    for model, key in ((before, "old_per_token_logps"), (trainer.ref_model, "ref_per_token_logps")):
        with torch.no_grad():
            logp, _ = rl.token_logprobs(model, ids, mask, trainer.temperature)
        assert torch.allclose(logp, laid_out(batch[key], batch, mask), atol=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.1])
@pytest.mark.parametrize("clip", [0.05, 0.2])
def test_loss_and_gradient_are_trls(sampled, ours, beta, clip):
    trainer, batch, _, _ = sampled
    ids, mask = ours
    model = trainer.model
    trainer.beta, trainer.epsilon_low, trainer.epsilon_high = beta, clip, clip

    def gradient(loss):
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])

    theirs = trainer.compute_loss(model, batch)
    logp, _ = rl.token_logprobs(model, ids, mask, trainer.temperature)
    old, reference = (laid_out(batch[f"{key}_per_token_logps"], batch, mask) for key in ("old", "ref"))
    loss = rl.grpo_loss(logp, old, reference, batch["advantages"], mask, clip, beta)
    assert loss.item() == pytest.approx(theirs.item(), rel=1e-5, abs=1e-6)
    a, b = gradient(loss), gradient(theirs)
    assert (a - b).norm() < 1e-5 * b.norm()


def test_the_numbers_reach_both_sides_of_the_clip_and_lengths_differ(sampled, ours):
    """Else the comparison above would not see a wrong clip or a wrong mean."""
    trainer, batch, _, _ = sampled
    ids, mask = ours
    with torch.no_grad():
        logp, _ = rl.token_logprobs(trainer.model, ids, mask, trainer.temperature)
    ratio = (logp - laid_out(batch["old_per_token_logps"], batch, mask)).exp()
    A = batch["advantages"][:, None].expand_as(mask)
    for outside in (ratio > 1.2, ratio < 0.8):
        for sign in (A > 0, A < 0):
            assert (outside & sign & mask.bool()).sum() >= 3
    assert len(set(map(len, written(batch)))) > 2
