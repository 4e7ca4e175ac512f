"""aigc_course.reasoning and rollouts: the same tokens as transformers' generate, rules of thinking, measures."""

import math
import random
import statistics

import pytest
import torch
from tiny import llama
from transformers import AutoTokenizer, LlamaForCausalLM

from aigc_course import arms, course, reasoning, stories
from aigc_course.errors import CourseError
from aigc_course.reasoning import Attempt, Reply
from aigc_course.rollouts import rollout
from aigc_course.train.story_texts import build_tokenizer, encode, padded


def model_of(vocab: int, heads: int = 4, groups: int = 4) -> LlamaForCausalLM:
    return llama(
        vocab,
        hidden_size=64,
        intermediate_size=96,
        num_attention_heads=heads,
        num_key_value_heads=groups,
        max_position_embeddings=300,
        initializer_range=0.2,
    )


@pytest.fixture(scope="module")
def pair():
    tokenizer = build_tokenizer()
    return model_of(len(tokenizer)), tokenizer


def generate(model, prompts, max_new_tokens: int, **how) -> list[list[int]]:
    """transformers' own, left-padded, cut after the end token."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    out = model.generate(ids, attention_mask=mask, max_new_tokens=max_new_tokens, do_sample=False, **how)
    rows = out[:, width:].tolist()
    return [row[: row.index(2) + 1] if 2 in row else row for row in rows]


@pytest.mark.parametrize("groups", [4, 2, 1])
def test_greedy_tokens_are_those_of_generate(groups):
    model, rng = model_of(60, groups=groups), random.Random(0)
    prompts = [[1, *(rng.randrange(3, 60) for _ in range(rng.randrange(1, 40)))] for _ in range(48)]
    ours = rollout(model, prompts, max_new_tokens=60)
    assert len(set(map(len, ours))) > 5  # texts of many lengths: rows were dropped on the way
    assert ours == generate(model, prompts, 60)
    assert [rollout(model, [p], max_new_tokens=60)[0] for p in prompts[:8]] == ours[:8]  # and one at a time


def test_samples_follow_the_models_probabilities(pair):
    model = model_of(12)
    prompt = [1, 5, 7]
    drawn = rollout(
        model, [prompt], max_new_tokens=2, temperature=1.5, samples=6000, generator=torch.Generator().manual_seed(0)
    )
    assert len(drawn) == 6000
    with torch.no_grad():
        first = (model(torch.tensor([prompt])).logits[0, -1] / 1.5).softmax(-1)
        top = int(first.argmax())
        second = (model(torch.tensor([[*prompt, top]])).logits[0, -1] / 1.5).softmax(-1)
    for token in range(12):
        share = sum(row[0] == token for row in drawn) / 6000
        assert share == pytest.approx(first[token].item(), abs=5 * math.sqrt(first[token] / 6000) + 1e-3)
    after = [row[1] for row in drawn if row[0] == top]
    for token in range(12):
        spread = 5 * math.sqrt(second[token] / len(after)) + 1e-3
        assert after.count(token) / len(after) == pytest.approx(second[token].item(), abs=spread)


def test_a_rule_sees_what_was_written_and_changes_the_choice(pair):
    seen = []

    def rule(logits, written):
        seen.append(written.shape[1])
        return logits.index_fill(-1, torch.tensor([2]), -math.inf)

    out = rollout(model_of(60), [[1, 5], [1, 9, 9]], max_new_tokens=7, rule=rule)
    assert seen == list(range(7))
    assert [len(row) for row in out] == [7, 7]
    assert not any(2 in row for row in out)


def test_think_false_is_generates_suppress_tokens(pair):
    model, tokenizer = pair
    rng = random.Random(1)
    asked = [stories.sample(rng, 3).text for _ in range(12)]
    [[first], *_] = reasoning.attempts(pair, asked, think=False, max_new_tokens=20)
    opening = tokenizer.convert_tokens_to_ids("<think>")
    theirs = generate(model, tokenizer(asked)["input_ids"], 20, suppress_tokens=[opening])
    assert [a.ids for [a] in reasoning.attempts(pair, asked, think=False, max_new_tokens=20)] == theirs
    assert first.ids == theirs[0]


def test_budget_closes_the_thinking_after_exactly_so_many_tokens(pair):
    _, tokenizer = pair
    opening, closing = tokenizer.convert_tokens_to_ids(["<think>", "</think>"])
    for budget in (0, 1, 5):
        rule = reasoning.thinking_rule(tokenizer, True, budget)
        thinking = torch.tensor([[opening] + [30] * budget, [40] * (budget + 1)])
        logits = rule(torch.zeros(2, len(tokenizer)), thinking)
        assert logits[0].argmax() == closing
        assert torch.isinf(logits[0]).sum() == len(tokenizer) - 1
        assert (logits[1] == 0).all()  # it was not thinking
        early = rule(torch.zeros(2, len(tokenizer)), thinking[:, :budget])
        assert (early == 0).all()
    closed = torch.tensor([[opening, closing, 30]])
    assert (reasoning.thinking_rule(tokenizer, True, 2)(torch.zeros(1, len(tokenizer)), closed) == 0).all()


def test_a_reply_goes_on_from_what_was_begun(pair):
    model, tokenizer = pair
    rng = random.Random(3)
    asked = [stories.sample(rng, 3).text for _ in range(5)]
    begun = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("<think>7+5=13，", "", "1", "2", "<")]
    prompts = [tokenizer(text)["input_ids"] + ids for text, ids in zip(asked, begun, strict=True)]
    theirs = [ids + row for ids, row in zip(begun, generate(model, prompts, 20), strict=True)]
    ours = reasoning.attempts(pair, asked, begun=begun, max_new_tokens=20)
    assert [a.ids for [a] in ours] == theirs
    assert ours[0][0].text.startswith("<think>7+5=13，")
    drawn = reasoning.attempts(pair, asked, begun=begun, max_new_tokens=5, temperature=1.0, samples=3)
    assert [len(group) for group in drawn] == [3] * 5
    assert all(a.ids[: len(ids)] == ids for ids, group in zip(begun, drawn, strict=True) for a in group)


def test_cuts_that_share_one_pass_are_each_cut_by_itself(pair):
    model, tokenizer = pair
    opening, closing = tokenizer.convert_tokens_to_ids(["<think>", "</think>"])
    rng = random.Random(4)
    for length in (1, 2, 9):
        text = stories.sample(rng, 2).text
        thinking = [opening, *(rng.randrange(3, len(tokenizer)) for _ in range(length))]
        ends = reasoning.answers_of_cuts(model, tokenizer(text)["input_ids"], thinking, closing)
        begun = [[*thinking[: 1 + budget], closing] for budget in range(length)]
        alone = [reasoning.attempts(pair, [text], begun=[b], max_new_tokens=reasoning.ANSWER)[0][0] for b in begun]
        assert [b + end for b, end in zip(begun, ends, strict=True)] == [a.ids for a in alone]


def test_every_budget_of_the_bundled_reasoner():
    rng = random.Random(5)
    asked = [stories.draw(rng, True, operations=k).text for k in (1, 3)]
    for text, every in zip(asked, reasoning.every_budget("reasoner", asked), strict=True):
        opening, closing = reasoning.load("reasoner")[1].convert_tokens_to_ids(["<think>", "</think>"])
        assert len(every) == 1 + reasoning.thinking_tokens(every[-1], opening, closing) > 5
        for budget in range(0, len(every), 3):
            [[alone]] = reasoning.attempts("reasoner", [text], budget=budget)
            ids = every[budget].ids  # the same, as far as the ANSWER tokens after the cut go
            assert ids == alone.ids[: len(ids)]
            assert len(ids) == len(alone.ids) or len(ids) == budget + 2 + reasoning.ANSWER
        assert reasoning.attempts("reasoner", [text]) == [[every[-1]]]


def test_a_model_that_does_not_think_has_one_budget(pair):
    asked = ["Tom has 7 apples and buys 5 more. How many are there now?"]
    [[only]] = reasoning.every_budget(pair, asked)
    assert [[only]] == reasoning.attempts(pair, asked)


@pytest.mark.parametrize("budget", [-1, 1.5, True, "3"])
def test_a_bad_budget_is_told(pair, budget):
    with pytest.raises(CourseError, match="budget is the most thinking tokens"):
        reasoning.ask("Tom has 7 apples and buys 5 more. How many are there now?", pair, budget=budget)


def test_empty_and_overlong_questions_are_told(pair):
    with pytest.raises(CourseError, match="empty"):
        reasoning.ask("  ", pair)
    with pytest.raises(CourseError, match="too long"):
        reasoning.ask("apples " * 300, pair)
    with pytest.raises(CourseError, match="no model"):
        reasoning.ask("Tom has 7 apples and buys 5 more. How many are there now?", "no-such")


def test_what_is_outside_is_marked_and_what_is_inside_is_not(pair):
    inside = reasoning.ask("Tom has 7 apples and buys 5 more. How many are there now?", pair, budget=3)
    outside = reasoning.ask("What is 700 times 12?", pair, budget=3)
    assert inside.outside is None
    assert "not the kind" in outside.outside
    assert "⚠" in str(outside)
    five = "小明有7个苹果" + "，又买了1个" * 5 + "，现在有几个？"
    twice = "Tom has 7 apples and soon has 2 times as many. How many does Tom have now?"
    for question, words in ((five, "5 operations and the model learned 1 to 4"), (twice, "× and the model learned")):
        assert reasoning.ask(question, budget=0).outside is None
        assert words in reasoning.ask(question, "carry_base", budget=0).outside
    assert str(Reply(9, "7+5=12，12-3=9", 17)) == "<think>7+5=12，12-3=9</think>9"
    assert str(Reply(None, "", 3)) == "no answer"


# ---- the tokenizer -------------------------------------------------------------------------------------------------


def test_the_tokenizer_survives_saving_and_keeps_words_and_digits(pair, tmp_path):
    _, tokenizer = pair
    model_of(len(tokenizer)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    rng = random.Random(0)
    for _ in range(300):
        story = stories.sample(rng)
        text = story.text + stories.completion(story, 2)
        ids = again(text)["input_ids"]
        assert ids == tokenizer(text)["input_ids"]
        assert ids[0] == again.bos_token_id
        assert again.decode(ids[1:]) == text
        assert again.decode(ids[1:], skip_special_tokens=True) == text  # the tags are ordinary tokens
    shown = [again.decode([i]) for i in again("小明有17个苹果，送给小红3个，还剩几个？<think>17-3")["input_ids"][1:]]
    assert " ".join(shown) == "小明 有 1 7 个 苹果 ， 送给 小红 3 个 ， 还剩 几 个 ？ <think> 1 7 - 3"
    shown = [again.decode([i]) for i in again("Tom has 17 apples and sells 3. How many")["input_ids"][1:]]
    assert shown == ["Tom", " has ", "1", "7", " apples", " and", " sells ", "3", ".", " How", " many"]


def test_unknown_words_become_bytes_and_come_back(pair):
    _, tokenizer = pair
    text = "Zoë 有 3 个🍎 and a xylophone"
    assert tokenizer.decode(tokenizer(text)["input_ids"][1:]) == text


def test_training_rows_ask_for_the_completion_only(pair):
    _, tokenizer = pair
    rng = random.Random(2)
    pairs = [(s, stories.completion(s)) for s in (stories.sample(rng) for _ in range(5))]
    rows = encode(tokenizer, pairs)
    ids, targets = padded(rows)
    for i, (story, text) in enumerate(pairs):
        assert tokenizer.decode(targets[i][targets[i] != -100][:-1]) == text
        assert tokenizer.decode(ids[i][: len(rows[i][0])][1:]) == story.text


# ---- measures ------------------------------------------------------------------------------------------------------


def test_faults_are_found_where_they_are():
    story = stories.parse("Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?")
    for thinking, fault in (
        ("7+5=12，12-3=9", None),
        ("7+5=13，13-3=10", 0),
        ("7+5=12，12-3=8", 1),
        ("7+5=12", 1),
        ("7+5=12，12-3=9，9-1=8", 2),
        ("", 0),
    ):
        assert reasoning.first_fault(story, thinking) == fault
    assert reasoning.exact(story, Attempt([], "<think>7+5=12，12-3=9</think>9", "", 9))
    assert not reasoning.exact(story, Attempt([], "<think>7+5=13，12-3=9</think>9", "", 9))
    assert reasoning.exact(story, Attempt([], "<think>7+5-3=9</think>9", "", 9), per_line=2)


@pytest.mark.parametrize(
    ("answers", "voted"), [([3, 4, 3, None], 3), ([None, None, 5], 5), ([None], None), ([], None), ([2, 1], 2)]
)
def test_majority(answers, voted):
    assert reasoning.majority(answers) == voted


def test_pass_at_k_is_the_share_of_draws_with_a_right_one():
    from itertools import combinations

    for n, right in ((6, 0), (6, 2), (6, 6), (7, 3)):
        flags = [True] * right + [False] * (n - right)
        for k in range(1, n + 1):
            every = [any(draw) for draw in combinations(flags, k)]
            assert reasoning.pass_at_k(n, right, k) == pytest.approx(sum(every) / len(every))
    with pytest.raises(CourseError):
        reasoning.pass_at_k(4, 5, 1)


def test_the_numbers_in_the_marking_guide_of_the_lab():
    guide = course.lesson("reasoning").lab_source.read_text("utf-8")
    rng, said = random.Random(2026), []
    asked = {n: [stories.draw(rng, test=True, operations=n) for _ in range(60)] for n in (1, 5)}
    for n, name in ((1, "direct"), (1, "reasoner"), (5, "direct"), (5, "reasoner")):
        written = [group[0] for group in reasoning.attempts(name, [story.text for story in asked[n]])]
        right = sum(a.answer == story.answer for a, story in zip(written, asked[n], strict=True))
        price = sum(len(a.ids) for a in written) / right
        said += [f"约 {price:.0f} 个", f"about {price:.0f}"]
        if n == 5:
            said.append({"direct": f"`direct` 对 {right / 60:.0%}", "reasoner": "全对" if right == 60 else "?"}[name])
    assert [words for words in said if words not in guide] == []
    # asked until right
    dice = torch.Generator().manual_seed(0)
    texts = [story.text for story in asked[5]]
    drawn = reasoning.attempts("direct", texts, temperature=1.0, samples=16, generator=dice)
    ever = tokens = 0
    for story, group in zip(asked[5], drawn, strict=True):
        first = next((i for i, a in enumerate(group) if a.answer == story.answer), None)
        ever += first is not None
        tokens += sum(len(a.ids) for a in group[: len(group) if first is None else first + 1])
    assert "约 63 个 token" in guide and 25 <= ever <= 35 and 53 < tokens / ever < 73

    def mean(arm, steps, what="accuracy"):
        return statistics.mean(row.value for row in arms.measured(arm, what, steps))

    assert [round(10 * mean("direct_thirtytwo_times", n)) for n in (2, 3, 5)] == [9, 6, 3]
    assert 0.75 < mean("direct_whole_sums_eight_times", 5) < 0.8 and mean("direct_whole_sums_thirtytwo_times", 5) > 0.97
    assert mean("direct", 1, "pass@16") > 0.8
    assert 0.5 < mean("direct", 4, "pass@16") < 0.6
