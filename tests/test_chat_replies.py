"""Chat models of a hub at the course's stories: the prompt, the budget, the answer in prose; a tiny Qwen2 with a
template like R1's stands for them."""

import pytest
import torch
from tiny import tokenizer as tiny_tokenizer

from aigc_course import chat_replies, reasoning

R1 = "{% for m in messages %}<U>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<A><think>\n{% endif %}"
QWEN = (
    "{% for m in messages %}<U>{{ m['content'] }}{% endfor %}<A>"
    "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
)
STORY = "Tom has 7 apples and buys 5 more. How many are there now?"


@pytest.fixture
def chat():
    """A random Qwen2 and its tokenizer with R1's kind of template."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.pad_token = "</s>"
    tokenizer.chat_template = R1
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = Qwen2ForCausalLM(config).eval()
    model.generation_config.pad_token_id = 1
    return model, tokenizer


def test_the_prompt_is_the_templates_and_thinking_can_be_refused(chat):
    _, tokenizer = chat
    assert chat_replies.prompt(tokenizer, "Hi") == "<U>Hi<A><think>\n"
    assert chat_replies.prompt(tokenizer, "Hi", think=False) == "<U>Hi<A><think>\n\n</think>\n\n"
    tokenizer.chat_template = QWEN
    assert chat_replies.prompt(tokenizer, "Hi") == "<U>Hi<A>"
    assert chat_replies.prompt(tokenizer, "Hi", think=False) == "<U>Hi<A><think>\n\n</think>\n\n"


def test_texts_in_a_batch_are_those_of_generate_one_by_one(chat):
    model, tokenizer = chat
    asked = [STORY, "今天天气不错。", "How many?"]
    ours = reasoning.attempts(chat, asked, max_new_tokens=12)
    for text, [attempt] in zip(asked, ours, strict=True):
        ids = tokenizer(chat_replies.prompt(tokenizer, text), return_tensors="pt", add_special_tokens=False)
        ids.pop("token_type_ids", None)
        theirs = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1] :].tolist()
        assert attempt.ids == (theirs[: theirs.index(1) + 1] if 1 in theirs else theirs)


@pytest.mark.parametrize("budget", [0, 3, 6])
def test_the_budget_closes_a_thinking_that_the_template_opened(chat, budget):
    closing = chat[1].convert_tokens_to_ids("</think>")
    [[free]] = reasoning.attempts(chat, [STORY], max_new_tokens=10)
    assert closing not in free.ids
    assert free.answer is None
    [[cut]] = reasoning.attempts(chat, [STORY], budget=budget, max_new_tokens=10)
    assert cut.ids[:budget] == free.ids[:budget]
    assert cut.ids.index(closing) == budget


def test_samples_differ_and_a_seed_repeats_them(chat):
    def drawn(seed):
        how = {"temperature": 1.0, "samples": 3, "max_new_tokens": 8}
        generator = torch.Generator().manual_seed(seed)
        return [[a.ids for a in g] for g in reasoning.attempts(chat, [STORY, "Hi"], generator=generator, **how)]

    before = torch.random.get_rng_state()
    first = drawn(1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert [len(group) for group in first] == [3, 3]
    assert first == drawn(1) != drawn(2)
    assert len({tuple(ids) for ids in first[0]}) > 1


@pytest.mark.parametrize(
    ("text", "thinks", "expected"),
    [
        ("7+5 is 12.\n</think>\n\nThere are **12** apples.", True, ("7+5 is 12.", 12)),
        ("<think>\nhm\n</think>\n\nThe answer is \\boxed{1,234}.", False, ("hm", 1234)),
        ("let me see, 7+5", True, ("let me see, 7+5", None)),
        ("<think> so 12", False, ("so 12", None)),
        ("一共有 12 个。", False, ("", 12)),
        ("I do not know.", False, ("", None)),
    ],
)
def test_the_answer_is_the_last_number_after_the_thinking(text, thinks, expected):
    assert chat_replies.split(text, thinks) == expected
