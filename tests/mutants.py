"""Small mistakes made by a machine: variants of a reference solution that a good check must reject."""

import ast
import copy
from collections.abc import Callable, Iterator

_COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_DROPPED = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Break, ast.Continue, ast.Raise)

# (question, description of the mutant) -> why no check can tell it from the reference
_BISECT = "if 1 / sum(math.exp((z - best) / middle) for z in logits) > wish:"
EQUIVALENT: dict[tuple[str, str], str] = {
    ("sampling.q3", "low, high = 0.001, 1e6: plus one, 1000000.0"): "any bound above the answer will do",
    ("sampling.q3", "low, high = 0.001, 1e6: minus one, 1000000.0"): "any bound above the answer will do",
    ("sampling.q3", "while high / low > 1.0001:: comparison, high / low > 1.0001"): "the ratio is never exactly 1.0001",
    (
        "sampling.q3",
        f"{_BISECT}: comparison, 1 / sum((math.exp((z - best) / middle) for z in logits)) > wish",
    ): "where they are equal the answer is found",
    (
        "sampling.q4",
        "new[i] = new[i] / penalty if new[i] > 0 else new[i] * penalty: comparison, new[i] > 0",
    ): "0 times and 0 divided by the penalty are both 0",
    (
        "tool_choice.q1",
        "return sorted(kept, key=lambda name: points[name][0]): plus one, 0",
    ): "on the frontier the order by quality is the order by cost",
    (
        "tool_choice.q1",
        "return sorted(kept, key=lambda name: points[name][0]): minus one, 0",
    ): "the same: the last of two numbers is the quality",
    ("rl.q5", "G = len(rewards[0]): plus one, 0"): "all rows are equally long",
    ("rl.q5", "G = len(rewards[0]): minus one, 0"): "all rows are equally long",
}

Change = tuple[str, Callable[[ast.AST], ast.AST]]


def _with(**fields) -> Callable[[ast.AST], ast.AST]:
    """A change of some fields of a node, in place."""

    def change(node: ast.AST) -> ast.AST:
        for name, value in fields.items():
            setattr(node, name, value)
        return node

    return change


def _negated(node: ast.AST) -> ast.AST:
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return node


def _without_condition(number: int) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        del node.ifs[number]
        return node

    return change


def _changes(node: ast.AST) -> Iterator[Change]:
    """The mistakes that can be made at one node: (name, function that changes the node)."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            yield "comparison", _with(ops=[_COMPARE[type(op)]()])
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _ARITHMETIC:
            yield "arithmetic", _with(op=_ARITHMETIC[type(op)]())
        case ast.BoolOp(op=op):
            yield "and/or", _with(op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.Constant(value=bool(value)):
            yield "boolean", _with(value=not value)
        case ast.Constant(value=int(value) | float(value)):
            yield "plus one", _with(value=value + 1)
            yield "minus one", _with(value=value - 1)
        case ast.If() | ast.While() | ast.IfExp():
            yield "negated condition", _negated
        case ast.comprehension(ifs=conditions):
            for number in range(len(conditions)):
                yield f"condition {number} dropped", _without_condition(number)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand) if not isinstance(operand, ast.Constant):
            yield "sign dropped", lambda node: node.operand
        case ast.Name(id=name) if name in _NAMES:
            yield f"{_NAMES[name]} for {name}", _with(id=_NAMES[name])
    if isinstance(node, _DROPPED) or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)):
        yield "statement dropped", lambda node: ast.Pass()


class _Replace(ast.NodeTransformer):
    def __init__(self, target: ast.AST, change: Callable[[ast.AST], ast.AST]):
        self.target, self.change = target, change

    def visit(self, node: ast.AST) -> ast.AST:
        return self.change(node) if node is self.target else self.generic_visit(node)


def mutants(code: str, first: int, last: int) -> Iterator[tuple[str, str]]:
    """(description, mutated code) for each single mistake in lines `first` to `last` of `code`, none twice.

    A description is "the line: kind of mistake, the code that it was made in": it stays the same while the line does.
    """
    tree, lines = ast.parse(code), code.splitlines()
    seen = {ast.unparse(tree)}
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", None) or getattr(getattr(node, "target", None), "lineno", 0)
        if not first <= line <= last:
            continue
        for kind, change in _changes(node):
            mutated = copy.deepcopy(tree)
            target = next(other for i, other in enumerate(ast.walk(mutated)) if i == number)
            spot = ast.unparse(target).splitlines()[0].strip()
            text = ast.unparse(ast.fix_missing_locations(_Replace(target, change).visit(mutated)))
            if text not in seen:
                seen.add(text)
                yield f"{lines[line - 1].strip()}: {kind}, {spot}", text
