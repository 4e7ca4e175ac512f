"""The tool user: what it is shown, how it is trained, the loop around it, and what the bundled one can do."""

import hashlib
import random
import re
from fractions import Fraction

import pytest
import tiny
import torch

from aigc_course import hub, stories, tool_use, tools, train
from aigc_course.sampling import wilson
from aigc_course.tool_use import Call, answer, answers
from aigc_course.train import manifest, tool_exam, tool_texts, tool_tokens, tool_user, tool_words
from aigc_course.train.tool_texts import KINDS, turns

FOLDER = manifest.ZOO / "tool_user"
SMALL = {"story": 40, "sum": 16, "fact": 24, "tickets": 16, "weekday": 12, "days": 12, "head": 16, "told": 16}
SMALL |= {"talk": 8, "fault": 24}


@pytest.fixture(scope="module")
def entry():
    return manifest.read(manifest.ZOO)["tool_user"]


@pytest.fixture(scope="module")
def tokenizer():
    return tool_tokens.build_tokenizer()


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(tool_exam, "EXAM", dict(SMALL))


def drawn(make, many: int = 60, seed: int = 0):
    rng = random.Random(seed)
    return [make(rng, lang) for lang in stories.LANGS for _ in range(many)]


# ---- the bundled model ---------------------------------------------------------------------------------------------


def test_it_reaches_the_bars_on_a_fresh_exam(small):
    """The bars lie inside or above the interval of what is measured here, on fewer questions."""
    measured = tool_exam.evaluate(hub.load_lm("tool_user", "cpu"), tool_exam.exam(seed=7))
    over = {"wrong_tool": "n_need", "malformed": "n_calls", "wrong": "n"}
    for name, count in over.items():
        n = measured[count]
        assert wilson(round(measured[name] * n), n)[0] <= tool_user.BARS[name], (name, measured[name])
    assert measured["needless"] <= 0.06 and measured["reasoner"] <= tool_user.BARS["reasoner"]


def test_every_seed_reaches_the_bars_on_a_thousand_questions(entry):
    """The bundled one reaches all. Another may not have learned which of two owners is meant ("told"; see
    docs/research-log.md): its answers reach the bar without that kind of question."""
    assert all(entry["metrics"][name] <= bar for name, bar in tool_user.BARS.items())
    seeds = [entry["metrics"], *entry["other_seeds"].values()]
    assert len(seeds) == len(tool_user.SEEDS)
    for metrics in seeds:
        n, told = metrics["n"], tool_exam.EXAM["told"]
        rest = (metrics["wrong"] * n - metrics["wrong_told"] * told) / (n - told)
        assert n >= 1000
        assert all(
            value <= tool_user.BARS[name]
            for name, value in (metrics | {"wrong": rest}).items()
            if name in tool_user.BARS
        )


def test_files_are_what_the_manifest_says(entry):
    assert {path.name for path in FOLDER.iterdir()} == entry["files"].keys()
    for name, digest in entry["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1.6e6
    assert entry["settings"] == tool_user.settings(entry["seed"]), "the recipe changed: aigc train tool_user --publish"


@pytest.mark.parametrize(
    ("question", "used", "said"),
    [
        ("小明有4312个苹果，又买了587个，现在有几个？", ["calculator"], "答案是 4899。"),
        ("Tom has 4312 apples and buys 587 more. How many are there now?", ["calculator"], "The answer is 4899."),
        ("企鹅动物园是哪一年开的？", ["look_up"], "是 {} 年开的。"),
        ("How much is a ticket to the Puppet Theatre?", ["look_up"], "A ticket costs {} yuan."),
        ("2026年11月26日是星期几？", ["calendar"], "是星期四。"),
        ("What day of the week is 26 November 2026?", ["calendar"], "It is a Thursday."),
        ("你好！", [], "你好！有什么要算、要查的吗？"),
        ("What is 3 + 5?", [], "The answer is 8."),
        ("月亮博物馆是哪一年开的？", ["look_up"], "表里没有，我不知道。"),
    ],
)
def test_it_answers(question, used, said):
    reply = answer(question)
    assert [step.call.name for step in reply.steps] == used
    values = [step.result["result"] for step in reply.steps if "result" in step.result]
    assert reply.text == said.format(*values)
    assert reply.tokens > 0 and reply.text in str(reply)


def test_it_says_so_when_a_tool_is_off_and_invents_nothing():
    off = [tools.broken(tool) for tool in tools.TOOLS]
    for question in ("4312+587等于多少？", "What is 4312 + 587?", "企鹅动物园是哪一年开的？"):
        reply = answer(question, off)
        assert not re.search(r"\d", reply.text) and reply.text in (
            tool_words.sorry(lang, tools.OFF) for lang in stories.LANGS
        )


def test_a_question_does_not_depend_on_its_neighbours():
    asked = [task.question for task in drawn(tool_texts.tickets, 3) + drawn(tool_texts.a_story, 3)]
    assert answers(asked) == [answer(question) for question in asked]
    assert answers([]) == []


def test_an_overlong_question_is_refused(tokenizer):
    model = tiny.llama(len(tokenizer), max_position_embeddings=512)
    with pytest.raises(tool_use.CourseError, match="token"):
        answer("1+" * 300, model=(model, tokenizer))


# ---- the loop, with a model that writes what the test says -----------------------------------------------------------


@pytest.fixture
def scripted(monkeypatch, tokenizer):
    """Make the model write these turns; gives the conversation as the model last saw it."""
    seen = []
    model = tiny.llama(len(tokenizer), max_position_embeddings=512)
    monkeypatch.setattr(tool_use, "load", lambda name: (model, tokenizer))

    def script(*texts):
        left = list(texts)

        def write(model, tokenizer, chats, tools):
            seen[:] = [dict(turn) for turn in chats[0]]
            return [(left.pop(0) if len(left) > 1 else left[0], 10)]

        monkeypatch.setattr(tool_use, "write", write)
        return seen

    return script


def called(expression: str) -> str:
    return Call("calculator", {"expression": expression}).text


def test_the_loop_hands_results_back(scripted):
    seen = scripted(called("1+1"), called("2×3"), "Six.")
    reply = answer("?")
    assert reply.text == "Six." and reply.tokens == 30
    assert [step.result for step in reply.steps] == [{"result": 2}, {"result": 6}]
    assert [turn["role"] for turn in seen] == ["user", "assistant", "tool", "assistant", "tool"]
    assert seen[-1]["content"] == '{"result": 6}' and seen[1]["content"] == called("1+1")


def test_several_calls_in_one_turn(scripted):
    seen = scripted(called("1+1") + "\n" + called("2×3"), "Done.")
    assert [step.result["result"] for step in answer("?").steps] == [2, 6]
    assert [turn["role"] for turn in seen] == ["user", "assistant", "tool", "tool"]


def test_the_loop_ends(scripted):
    scripted(called("1+1"))
    reply = answer("?")
    assert reply.text == "" and len(reply.steps) == tool_use.ROUNDS
    assert tool_use.t("没有回答", "no answer") in str(reply)


def test_a_bad_call_is_an_error_that_the_model_reads(scripted):
    seen = scripted("<tool_call>{nonsense", "I could not.")
    reply = answer("?")
    assert reply.text == "I could not." and reply.steps[0].call is None
    assert "error" in seen[-1]["content"]


def test_a_chat_model_is_told_of_the_tools(tmp_path):
    """A model of another architecture, whose template prints the tools; what it writes is noise."""
    model, tokenizer = hub.load_lm(str(tiny.checkpoint(tmp_path, "Qwen3", "float32")), "cpu")
    model.config.max_position_embeddings = 4096
    tokenizer.chat_template = (
        "{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    [ids] = tool_use.prompts(tokenizer, [[{"role": "user", "content": "Hello"}]], tools.TOOLS)
    text = tokenizer.decode(ids)
    assert all(tool.name in text for tool in tools.TOOLS) and text.endswith("Hello")
    assert answer("Hello", model=(model, tokenizer)).tokens > 0


# ---- what it is shown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_calls_are_well_formed_and_results_true(make):
    for task in drawn(make):
        assert len(task.calls) == len(task.results)
        for call, result in zip(task.calls, task.results, strict=True):
            places = [task.place] if task.place else []
            kit = [tools.CALCULATOR, tools.look_up_in(lambda places=places: places), tools.CALENDAR]
            step = tool_use.run(tool_use.calls(call.text)[0], kit)
            assert step.call == call and tool_exam.well_formed(step)
            if "result" in result or result["error"] in (tools.NOT_FOUND, tools.ZERO, tools.NO_DATE):
                assert step.result == result
        if task.kind == "fault":
            assert not re.search(r"\d", task.answer.replace("0", "")) and "error" in task.results[-1]
        elif task.calls and task.kind != "weekday":
            assert f"{task.results[-1]['result']}" in task.answer


def test_the_expression_is_the_story():
    for task in drawn(tool_texts.a_story, 150):
        story = stories.parse(task.question)
        python = re.sub(r"\d+", r"Fraction(\g<0>)", task.calls[0].arguments["expression"])
        value = eval(python.replace("×", "*").replace("÷", "/"), {"Fraction": Fraction})
        assert value == story.answer == task.results[0]["result"]
        assert all(1 <= v <= tool_words.LARGEST for v in story.values)
        assert not tool_words.easy(story.start, story.ops)


def test_no_tool_where_it_can_be_done_in_the_head():
    for task in drawn(tool_texts.in_the_head) + drawn(tool_texts.told) + drawn(tool_texts.talk):
        assert task.calls == ()
    for task in drawn(tool_texts.told):
        assert (number := re.search(r"\d+", task.answer)[0]) and number in task.question


def test_training_knows_neither_the_exam_nor_the_table(small):
    rng, exam = random.Random(0), tool_exam.exam()
    shown = [tool_texts.training(rng) for _ in range(3000)]
    questions = {task.question for task in shown if task.kind != "talk"}
    assert not questions & {task.question for task in exam}
    assert not any(stories.held_out(question) for question in questions)
    names = {name for zh, en, _ in tools.town() for name in (zh, en)}
    assert not any(name in question for question in questions for name in names)
    assert {task.kind for task in exam} == set(SMALL) and len(exam) == sum(SMALL.values())
    assert any(task.place in tools.town() for task in exam) and any(
        task.place and task.place not in tools.town() for task in exam
    )


def test_a_name_is_the_same_tokens_in_question_and_call(tokenizer):
    for task in drawn(tool_texts.a_fact, 200):
        name = task.calls[0].arguments["name"]
        asked, call = (
            tokenizer(text, add_special_tokens=False)["input_ids"] for text in (task.question, task.calls[0].text)
        )
        copied = tokenizer(name, add_special_tokens=False)["input_ids"][:-1]  # the last word may carry a space

        def holds(ids, part=copied):
            return any(ids[i : i + len(part)] == part for i in range(len(ids)))

        assert holds(asked) and holds(call)


def test_digits_stand_in_pairs_and_text_survives(tokenizer):
    for make in KINDS:
        for task in drawn(make, 20):
            for text in (task.question, *turns(task)):
                ids = tokenizer(text, add_special_tokens=False)["input_ids"]
                assert tokenizer.decode(ids) == text
                pairs = [pair for number in re.findall("[0-9]+", text) for pair in re.findall("..?", number)]
                assert [word for word in map(tokenizer.decode, ids) if word.isdigit()] == pairs


def test_rows_are_laid_out_as_the_template_does(tokenizer):
    for make in KINDS:
        [row] = tool_user.encode(tokenizer, drawn(make, 1, seed=3)[:1])
        [task] = drawn(make, 1, seed=3)[:1]
        chat = [{"role": "user", "content": task.question}]
        for call, result in zip(task.calls, task.results, strict=True):
            function = {"name": call.name, "arguments": call.arguments}
            chat.append(
                {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
            )
            chat.append({"role": "tool", "content": tool_use.response(result)})
        chat.append({"role": "assistant", "content": task.answer})
        assert [i for part, _ in row for i in part] == tokenizer.apply_chat_template(chat, return_dict=False)
        plain = [
            turn | {"content": Call(**turn["tool_calls"][0]["function"]).text} if "tool_calls" in turn else turn
            for turn in chat
        ]
        plain = [{k: v for k, v in turn.items() if k != "tool_calls"} for turn in plain]
        assert tokenizer.apply_chat_template(plain, return_dict=False) == tokenizer.apply_chat_template(
            chat, return_dict=False
        )
        written = [tokenizer.decode(part[:-1]) for part, ours in row if ours]
        assert written == [text for i, text in enumerate(turns(task)) if i % 2 == 0]
        assert all(part[-1] == tokenizer.eos_token_id for part, ours in row if ours)
        read = [tokenizer.decode(part) for part, ours in row if not ours][1:]
        assert read == [f"<tool_response>{tool_use.response(result)}</tool_response>" for result in task.results]


def test_what_is_practised_beside_the_questions(tokenizer):
    rng = random.Random(0)
    for (prompt, read), (written, ours) in tool_user.copies(tokenizer, rng, 50):
        assert (read, ours) == (False, True) and prompt[0] == tokenizer.bos_token_id
        assert prompt[-len(written) - 2 :] == [prompt[-1], *written, prompt[-1]]  # the part, and its first token again
        assert not {*prompt[1:], *written} & set(tokenizer.all_special_ids)
    assert (
        max(len({*prompt[1:], *written}) for (prompt, _), (written, _) in tool_user.copies(tokenizer, rng, 20, 5)) == 5
    )
    gaps = set()
    for (prompt, _), (written, _) in tool_user.copies(tokenizer, rng, 20, between=9):
        part = [prompt[-1], *written]
        [at] = [i for i in range(len(prompt)) if prompt[i : i + len(part)] == part]
        gaps.add(len(prompt) - 1 - at - len(part))
    assert len(gaps) > 3 and min(gaps) >= 0 and max(gaps) <= 9
    for (prompt, _), (written, _) in tool_user.sums(tokenizer, rng, 50):
        assert eval(tokenizer.decode(prompt[1:]).removesuffix("=")) == int(tokenizer.decode(written)) >= 1
    for (prompt, _), *said in tool_user.asked_sums(tokenizer, rng, 50):
        assert not stories.held_out(tokenizer.decode(prompt[1:]))
        [number] = [tokenizer.decode(part) for part, ours in said if ours]
        assert number.isdigit() and len(said) > 3


# ---- the recipe ----------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_the_loss_is_of_what_the_model_writes(tokenizer):
    model = tiny.llama(len(tokenizer), max_position_embeddings=512)
    rows = tool_user.encode(tokenizer, drawn(tool_texts.tickets, 4) + drawn(tool_texts.talk, 2))
    terms = []
    for row in rows:
        ids, ours = [i for part, _ in row for i in part], [o for part, o in row for _ in part]
        logp = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        terms += [-logp[at - 1, ids[at]] for at in range(1, len(ids)) if ours[at]]
    loss = sum(tool_user.loss_parts(model, rows))
    torch.testing.assert_close(loss, torch.stack(terms).mean(), rtol=1e-4, atol=1e-4)


def test_copying_comes_first(tokenizer, monkeypatch):
    """Until FIRST the last layer adds nothing and stands still, and matrices are moved by AdamW; then by Muon."""
    for name, value in {"FIRST": 1, "QUESTIONS": 4}.items():
        monkeypatch.setattr(tool_user, name, value)
    model, _ = tool_user.build(1)
    losses, optimizer = tool_user.losses(model, tokenizer, 1), tool_user.optimizer(model)
    first, last = model.model.layers[0].mlp.up_proj.weight, model.model.layers[-1]
    ids = torch.tensor([[1, 5, 6]])
    below = model.lm_head(model.model.norm(model(ids, output_hidden_states=True).hidden_states[-2]))
    moves = []
    for step in range(2):
        before = [p.detach().clone() for p in (first, last.mlp.down_proj.weight)]
        optimizer.zero_grad()
        sum(losses(step)).backward()
        optimizer.step()
        moves.append([p.detach() - old for p, old in zip((first, last.mlp.down_proj.weight), before, strict=True)])
    assert torch.equal(below, tool_user.build(1)[0](ids).logits)
    assert moves[0][1].abs().max() == 0 < moves[1][1].abs().max()
    assert moves[0][0].abs().median() == pytest.approx(tool_user.LEARNING_RATE, rel=0.05)  # Adam's first step: a sign
    spread = torch.linalg.svdvals(moves[1][0]) / tool_user.LEARNING_RATE
    assert spread.max() < 3 * spread.min()  # Muon's step: as long in all directions


def test_a_step_depends_on_seed_and_step_only(tokenizer, monkeypatch):
    monkeypatch.setattr(tool_user, "QUESTIONS", 4)
    model = tiny.llama(len(tokenizer), max_position_embeddings=512)
    losses = [
        float(sum(tool_user.losses(model, tokenizer, seed)(step)).detach())
        for seed, step in ((1, 5), (1, 5), (1, 6), (2, 5))
    ]
    assert losses[0] == losses[1] and len(set(losses)) == 3


def test_the_recipe_trains_measures_and_publishes(small, tmp_path, monkeypatch):
    for name, value in {"STEPS": 2, "QUESTIONS": 4, "SEEDS": (1, 2)}.items():
        monkeypatch.setattr(tool_user, name, value)
    monkeypatch.setattr(tool_exam, "EXAM", dict.fromkeys(SMALL, 2))
    monkeypatch.setattr(tool_use, "ANSWER", 8)
    monkeypatch.setattr(train, "THREADS", 1)
    monkeypatch.setattr(manifest, "ZOO", tmp_path / "zoo")
    measured = train.run("tool_user", out=tmp_path / "out", publish=True)
    entry = manifest.read(tmp_path / "zoo")["tool_user"]
    assert entry["metrics"]["wrong"] == pytest.approx(measured["wrong"], rel=1e-3)
    assert list(entry["other_seeds"]) == ["2"]
    card = (tmp_path / "zoo" / "tool_user" / "README.md").read_text(encoding="utf-8")
    low, high = wilson(round(measured["wrong"] * measured["n"]), measured["n"])
    assert f"{measured['wrong']:.1%} ({100 * low:.1f}–{100 * high:.1f})" in card
    assert "## 中文" in card and "## English" in card
