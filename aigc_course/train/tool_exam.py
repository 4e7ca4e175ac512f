"""The exam of `tool_user`: questions that no training saw, answered through the loop, and what its model card says."""

import random
from collections.abc import Iterable, Sequence

from aigc_course import stories, tool_use, tools
from aigc_course.reasoning import attempts
from aigc_course.stories import LANGS
from aigc_course.tool_use import Call, Reply, Step
from aigc_course.train import tool_texts
from aigc_course.train.lm_card import head, share, table
from aigc_course.train.tool_texts import Task

EXAM = {  # questions of each kind
    "story": 400,
    "sum": 120,
    "fact": 160,
    "tickets": 120,
    "weekday": 80,
    "days": 100,
    "head": 120,
    "told": 120,
    "talk": 34,
    "fault": 200,
}


def exam(seed: int = 0) -> list[Task]:
    """Questions that no training saw, half of them Chinese. Half of the look-ups are about the bundled table, the
    others about names that occur once."""
    rng, town = random.Random(f"exam {seed}"), tools.town()
    tasks, names = [], set()
    for make, kind in zip(tool_texts.KINDS, EXAM, strict=True):
        known: set[str] = set()
        for i in range(EXAM[kind]):
            bundled = kind in ("fact", "tickets") and i % 4 < 2
            while True:
                how = {"place": rng.choice(town)} if bundled else {}
                task = make(rng, LANGS[i % 2], **how)
                unseen = kind == "talk" or bundled or stories.held_out(task.question)
                new = kind == "talk" or task.question not in known
                name = task.calls[0].arguments.get("name") if task.calls else None
                if task.kind == kind and unseen and new and (bundled or name not in names):  # one name, one place
                    break
            names |= {name} - {None}
            known.add(task.question)
            tasks.append(task)
    return tasks


def tried(model, tasks: Sequence[Task]) -> list[Reply]:
    """The model's replies through the loop, with tools that report what each task says."""
    places = [task.place for task in tasks if task.place and task.place not in tools.town()]
    look_up = tools.look_up_in(lambda: [*tools.town(), *places])
    kit = (tools.CALCULATOR, look_up, tools.CALENDAR)
    replies: dict[int, Reply] = {}
    faults = {i: _fault(task) for i, task in enumerate(tasks)}
    for fault in dict.fromkeys(faults.values()):
        these = [i for i, one in faults.items() if one == fault]
        broken = [tools.broken(tool, fault[1]) if fault and tool.name == fault[0] else tool for tool in kit]
        replies |= zip(these, tool_use.answers([tasks[i].question for i in these], broken, model), strict=True)
    return [replies[i] for i in range(len(tasks))]


def _fault(task: Task) -> tuple[str, str] | None:
    """(tool, what it reports) where a tool has to be broken for this task; errors that the question brings come of
    themselves."""
    if not task.results or "error" not in task.results[-1]:
        return None
    error = task.results[-1]["error"]
    natural = error in (tools.NOT_FOUND, tools.ZERO, tools.NO_DATE)
    return None if natural else (task.calls[-1].name, error)


def evaluate(model, tasks: Sequence[Task]) -> dict[str, float]:
    """Shares of the exam. wrong_tool: of questions that need tools, those for which others were called, or in another
    order; malformed: of all calls, those that are no JSON or not by the schema; wrong: of all questions, the answer is
    not word for word right; wrong_…: of one kind; needless: of questions that need no tool, those with a call;
    invented: of questions whose tool fails, those answered otherwise; reasoner: right answers of the model `reasoner`
    to the stories."""
    replies = tried(model, tasks)
    both = list(zip(tasks, replies, strict=True))
    need = [(task, reply) for task, reply in both if task.calls]
    steps = [step for reply in replies for step in reply.steps]

    def share(flags: Sequence[bool]) -> float:
        return sum(flags) / max(len(flags), 1)

    wrong = [reply.text != task.answer for task, reply in both]
    kinds = {kind: [w for w, task in zip(wrong, tasks, strict=True) if task.kind == kind] for kind in EXAM}
    told = [task for task in tasks if task.kind == "story"]
    alone = [group[0].answer for group in attempts("reasoner", [task.question for task in told])]
    return {
        "wrong_tool": share([_names(task.calls) != _names(s.call for s in reply.steps) for task, reply in need]),
        "malformed": share([not well_formed(step) for step in steps]),
        "wrong": share(wrong),
        "needless": share([bool(reply.steps) for task, reply in both if not task.calls]),
        **{f"wrong_{kind}": share(flags) for kind, flags in kinds.items()},
        "reasoner": share([a == task.results[0]["result"] for a, task in zip(alone, told, strict=True)]),
        "tokens": sum(reply.tokens for reply in replies) / len(replies),
        "n": len(tasks),
        "n_need": len(need),
        "n_calls": len(steps),
    }


def _names(calls: Iterable[Call | None]) -> list[str | None]:
    return [call and call.name for call in calls]


def well_formed(step: Step) -> bool:
    """Whether the call is JSON, names a tool, and its arguments are as the schema says."""
    tool = next((tool for tool in tools.TOOLS if step.call and tool.name == step.call.name), None)
    try:
        tool_use.validate(step.call.arguments, tool.parameters) if tool else None
    except tools.ToolError:
        return False
    return tool is not None


# ---- the card ------------------------------------------------------------------------------------------------------

ROWS = (  # measure, zh, en, what it is counted over: a measure, or a kind of the exam
    ("wrong_tool", "该用工具时，用错工具或次序", "tools needed: wrong ones, or in a wrong order", "n_need"),
    ("malformed", "写出的调用不合格式", "calls that are not well formed", "n_calls"),
    ("needless", "不该用工具时用了", "no tool needed: called one all the same", "n_no_need"),
    ("wrong", "最后的回答不对（逐字比较）", "answer not right, word for word", "n"),
    ("wrong_story", "其中：应用题，数到 9999", "of these: stories, numbers to 9999", "story"),
    ("wrong_sum", "直接问的算式", "bare calculations", "sum"),
    ("wrong_fact", "查表", "look-ups", "fact"),
    ("wrong_tickets", "先查票价再算总价", "a price looked up, then multiplied", "tickets"),
    ("wrong_weekday", "星期几", "weekdays", "weekday"),
    ("wrong_days", "相差几天", "days between dates", "days"),
    ("wrong_head", "1 到 9 的加减，不用工具", "sums of 1 to 9, no tool", "head"),
    ("wrong_told", "答案就在问题里，不用工具", "the answer stands in the question, no tool", "told"),
    ("wrong_talk", "问候，不用工具（训练时见过）", "small talk, no tool (seen in training)", "talk"),
    ("wrong_fault", "工具失败：没有如实说", "the tool fails: not told honestly", "fault"),
    (
        "reasoner",
        "模型 `reasoner` 不用工具，答对这些应用题",
        "the model `reasoner`, without tools: stories right",
        "story",
    ),
)


def measured(metrics: dict) -> dict[str, str]:
    """Each share with its 95 % interval (Wilson), as text; the rest as it is."""
    counts = EXAM | metrics | {"n_no_need": metrics["n"] - metrics["n_need"]}
    shown = {name: str(round(value)) for name, value in metrics.items()}
    for name, *_, over in ROWS:
        if counts[over]:
            shown[name] = share(metrics[name], counts[over])
        else:
            shown[name] = "–"
    return shown


def card(results: dict[int, dict], weights: int, vocabulary: int, layers: int, steps: int, questions: int) -> str:
    """The model card. results: seed → measures, the published seed first; weights, vocabulary, layers: the model's;
    steps × questions: the data."""
    first = next(iter(results))
    shown = {seed: measured(metrics) for seed, metrics in results.items()}
    rows = [(name, zh, en, "") for name, zh, en, _ in ROWS]
    rows += [
        ("n", "考题数", "questions in the exam", ""),
        ("cpu_seconds", "训练所用的 CPU 时间，秒", "CPU time of the training, seconds", ""),
    ]
    return f"""{head("tool_user")}

## 中文

它会用三种工具：计算器、一张小城的表格、日历。要用时写出一个 JSON 调用，由程序运行，它读了结果再回答；
不用工具就能答的，直接回答；工具失败了，如实说不知道。
Llama 结构，{layers} 层，{weights:,} 个参数，词表 {vocabulary} 个 token；数字从左起每两位一个 token。

- 数据：训练时现出的中英文题目（`aigc_course/train/tool_texts.py`）。数、地名、日期和工具报告的“事实”每次都重新抽取，
  所以没有什么可背，只能从问题抄进调用，再从结果抄进回答。损失只算它自己写的部分，不算工具的结果。
- 命令：`aigc train tool_user --publish`，{steps} 步，每步 {questions} 道题；附带的是种子 {first}，下表列出全部。
- 评测：没有训练过的题（由题目的哈希决定；问候太少，没有留出）。表格里的地名训练时从未出现。
  括号里是 95% 区间（Wilson）。

{table(rows, shown, "zh")}

局限：三种工具是固定的，它没有读过工具的说明，换了工具就不会用；大模型读的是 schema 里的说明。它只懂训练时的句式；
应用题最多三步。除不尽的数保留六位小数。一样的数它会抄漏一个；两个人各有几个、问的是谁，不是每个种子都学会了。
“你好博物馆”这样以问候开头的名字，附带的那个会当成问候。

## English

It uses three tools: a calculator, the table of a small town, a calendar. Where it needs one it writes a JSON call, a
program runs it, the model reads the result and answers. What needs no tool it answers at once; where a tool fails it
says that it does not know. Llama architecture, {layers} layers, {weights:,} weights, {vocabulary}
tokens; digits stand in pairs, from the left.

- Data: questions in Chinese and English made while it trains (`aigc_course/train/tool_texts.py`). Numbers, names, dates
  and the "facts" that tools report are drawn anew each time, so there is nothing to learn by heart: it can only copy
  from the question into the call and from the result into the answer. The loss is on what it writes itself, not on
  results.
- Command: `aigc train tool_user --publish`, {steps} steps of {questions} questions. The bundled one is seed
  {first}; the table has every one.
- Measured on questions that were not trained on (a hash of the question decides; of small talk there is too little to
  hold any back). No name of the table occurs in training. In brackets: 95 % intervals (Wilson).

{table(rows, shown, "en")}

Limits: the three tools are fixed. It was never shown their descriptions and cannot use others; a large model reads them
in the schema. It knows the wordings of its training only; stories have at most three operations. What does not divide
evenly is rounded to six places. Of equal numbers it may leave one out; and of two owners, not every seed has learned
which one is asked about. A name that begins like a greeting (你好博物馆) the bundled one takes for a greeting.
"""
