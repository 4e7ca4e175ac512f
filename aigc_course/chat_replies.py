"""The same questions put to a chat model of a hub: its template asks, transformers' generate writes, and the answer is
looked for in its prose. For the tier "gpu", whose models were not made for the course's stories.
"""

import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

ROWS = 32  # texts written at a time
THINKING_TOKENS, ANSWER_TOKENS = 4096, 512  # the most that such a model may write, with thinking and without
OPEN, CLOSE = "<think>", "</think>"


def prompt(tokenizer, question: str, think: bool = True) -> str:
    """The text that the model goes on from. Qwen3's template takes `enable_thinking`; R1's always opens the thinking,
    so it is closed for it here."""
    asked = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True, enable_thinking=think)
    return text if think or not opens(text) else f"{text.rstrip()}\n\n{CLOSE}\n\n"


def opens(text: str) -> bool:
    """Whether a prompt ends inside the thinking already."""
    return text.rstrip().endswith(OPEN)


@torch.inference_mode()
def write(
    model,
    tokenizer,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    samples: int = 1,
    generator: torch.Generator | None = None,
    rule: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> list[list[int]]:
    """What the model writes after each prompt (ids), its end included: as `rollouts.rollout`, for any architecture.

    generator: gives the seed; the draws themselves are those of torch's own generator, which is put back afterwards.
    """
    how = {"do_sample": False}
    if temperature:
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0, "num_return_sequences": samples}
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    written = []
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        if generator:
            torch.manual_seed(int(torch.randint(2**31, (), generator=generator, device=generator.device)))
        for at in range(0, len(prompts), max(1, ROWS // samples)):
            some = prompts[at : at + max(1, ROWS // samples)]
            width = max(map(len, some))
            ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(p)) + list(p) for p in some])
            mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in some])
            out = model.generate(
                ids.to(model.device),
                attention_mask=mask.to(model.device),
                max_new_tokens=max_new_tokens,
                pad_token_id=tokenizer.pad_token_id,
                logits_processor=[lambda ids, scores, n=width: rule(scores, ids[:, n:])] if rule else None,
                **how,
            )
            written += out[:, width:].tolist()
    return [row[: next((i for i, token in enumerate(row) if token in ends), len(row)) + 1] for row in written]


def split(text: str, thinks: bool) -> tuple[str, int | None]:
    """(thinking, answer) of a reply in prose: the answer is the last whole number after the thinking, None if that was
    never closed. thinks: whether the reply began inside the thinking."""
    head, closed, tail = text.rpartition(CLOSE)
    if not closed and (thinks or text.lstrip().startswith(OPEN)):
        return text.strip().removeprefix(OPEN).strip(), None
    numbers = re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3})", "", tail))
    return head.strip().removeprefix(OPEN).strip(), int(numbers[-1]) if numbers else None
