"""Answers that are nearly the same: by the shape of the code, whatever the names, comments and layout are.

Short answers to a clear question come out alike without any copying, so very short ones are not compared, and what
many have written is reported as common and not as a finding. A report is a reason to look, never a verdict.
"""

import ast
import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass

SHINGLE = 5
LEAST_TOKENS = 60
COMMON = 0.1  # of the class; and at least FEW
FEW = 5


@dataclass(frozen=True)
class Alike:
    """Students whose answers to a question are alike. kind: "text" (the very same characters), "form" (the same but
    for names, comments and layout), "near" (at least the threshold), "common" (so many that it says nothing)."""

    question: str
    kind: str
    similarity: float
    students: tuple[str, ...]


def normalised(answer: str, prose: bool = False) -> list[str]:
    """The tokens of an answer: of the syntax tree, with names numbered in order of appearance and docstrings left
    out; of prose, or of code that does not parse, its characters."""
    if prose:
        return re.findall(r"\w", answer.lower())
    try:
        tree = ast.parse(answer)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.findall(r"\w", answer.lower())
    names: dict[str, str] = {}
    tokens: list[str] = []

    def walk(node: ast.AST) -> None:
        tokens.append(type(node).__name__)
        for field, value in ast.iter_fields(node):
            if field in ("id", "arg", "name") and isinstance(value, str):
                tokens.append(names.setdefault(value, f"v{len(names)}"))
            elif (
                field in ("attr", "value", "op", "module")
                and not isinstance(value, ast.AST | list)
                and value is not None
            ):
                tokens.append(repr(value))
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_text(child):
                    walk(child)

    try:
        walk(tree)
    except RecursionError:
        return re.findall(r"\w", answer.lower())
    return tokens


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def alike(
    question: str,
    answers: dict[str, str],
    threshold: float = 0.9,
    stubs: tuple[str, ...] = (),
    prose: bool = False,
) -> list[Alike]:
    """Groups of students (two or more) with like answers to one question.

    answers: by student. threshold: least share of shingles that two answers have in common (Jaccard). stubs: what the
    release says, which is nobody's. prose: whether the answers are text and not code.
    """
    forms: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    unanswered = {tuple(normalised(stub, prose)) for stub in stubs}
    for student, answer in sorted(answers.items()):
        tokens = tuple(normalised(answer, prose))
        if len(tokens) >= LEAST_TOKENS and tokens not in unanswered:
            forms[tokens][answer.strip()].append(student)
    many = max(FEW, COMMON * len(answers))
    groups, rare = [], []
    for tokens, texts in forms.items():
        students = sorted(student for some in texts.values() for student in some)
        if len(students) >= many:
            groups.append(Alike(question, "common", 1.0, tuple(students)))
            continue
        rare.append((tokens, students))
        if len(students) > 1:
            kind = "text" if len(texts) == 1 else "form"
            groups.append(Alike(question, kind, 1.0, tuple(students)))
    return groups + _near(question, rare, threshold, many)


def _near(question: str, forms: list[tuple[tuple[str, ...], list[str]]], threshold: float, many: float) -> list[Alike]:
    """Pairs of different forms with enough shingles in common. A shingle that many forms have leads to no pair."""
    # without the numbers of the names: one line more would shift them all
    plain = [tuple("name" if re.fullmatch(r"v\d+", token) else token for token in form) for form, _ in forms]
    shingles = [{hash(form[i : i + SHINGLE]) for i in range(len(form) - SHINGLE + 1)} for form in plain]
    holders: dict[int, list[int]] = defaultdict(list)
    for place, some in enumerate(shingles):
        for one in some:
            holders[one].append(place)
    pairs = {
        (a, b)
        for places in holders.values()
        if 1 < len(places) < 4 * many
        for i, a in enumerate(places)
        for b in places[i + 1 :]
    }
    found = []
    for a, b in sorted(pairs):
        share = len(shingles[a] & shingles[b]) / len(shingles[a] | shingles[b])
        if share >= threshold:
            found.append(Alike(question, "near", round(share, 3), tuple(sorted(forms[a][1] + forms[b][1]))))
    return found


def report(groups: list[Alike]) -> str:
    """The groups as CSV, those that say most first."""
    order = {"text": 0, "form": 1, "near": 2, "common": 3}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["question", "kind", "similarity", "number", "students"])
    for one in sorted(groups, key=lambda one: (order[one.kind], -one.similarity, one.question, one.students)):
        writer.writerow([one.question, one.kind, one.similarity, len(one.students), "; ".join(one.students)])
    return file.getvalue()
