"""The notation of the course's grammar, read into nodes (`data/grammar/zh.txt` explains it at its head)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class Row:
    """One row of a table: column name → words."""

    cells: dict[str, tuple[str, ...]]


@dataclass(eq=False)
class Seq:
    """Nodes said one after the other; a `str` node is a word."""

    nodes: tuple


@dataclass(eq=False)
class Choice:
    """One of several sequences; `options` holds (weight, Seq)."""

    options: list[tuple[float, Seq]] = field(default_factory=list)

    @property
    def total(self) -> float:
        return sum(weight for weight, _ in self.options)


@dataclass(eq=False)
class Slot:
    """A column of the row that variable `var` holds; at its first mention the row is drawn from `rows` by weight."""

    var: str
    column: str
    rows: list[tuple[float, Row]]
    unlike: str  # a variable whose row may not be drawn again, or ""

    def draws(self, held: dict[str, Row]) -> list[tuple[float, Row]]:
        """(weight, row) of what can be drawn, given the rows `held` by the variables so far."""
        other = held.get(self.unlike)
        return [(weight, row) for weight, row in self.rows if row is not other]


class Program:
    """One language's grammar, read from `text`. rules: name → Choice; tables: name → rows; prompts: table → texts."""

    def __init__(self, text: str):
        self.rules: defaultdict[str, Choice] = defaultdict(Choice)
        self.tables: defaultdict[str, list[Row]] = defaultdict(list)
        self.prompts: defaultdict[str, list[str]] = defaultdict(list)
        self.examples: list[str] = []
        self.literals: set[str] = set()
        self.slots: list[Slot] = []
        lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        for rules_now in (False, True):  # tables first: a rule may name a table that stands below it
            head: list[str] = []
            for line in lines:
                if line[0] in ("=", "@", "?", "!"):
                    head = line
                elif head[0] == "=" and rules_now:
                    self.rules[head[1]].options.append((float(line[0]), self._sequence(iter(line[1:]))[0]))
                elif head[0] == "@" and not rules_now:
                    cells = zip(head[2:], (tuple(cell.split("_")) for cell in line), strict=True)
                    self.tables[head[1]].append(Row(dict(cells)))
                elif head[0] == "?" and not rules_now:
                    self.prompts[head[1]].append(line)
                elif head[0] == "!" and not rules_now:
                    self.examples.append(join(line))

    def _sequence(self, parts: Iterator[str]) -> tuple[Seq, str]:
        """Read nodes up to the end, a `|` or a `]`; gives the sequence and what ended it."""
        nodes: list = []
        for part in parts:
            if part in ("|", "]"):
                return Seq(tuple(nodes)), part
            if part == "[":
                nodes.append(self._choice(parts))
            elif part.startswith("<"):
                nodes.append(self.rules[part[1:-1]])
            elif part.startswith("{"):
                nodes.append(self._slot(part[1:-1]))
            else:
                nodes.append(part)
                if not _weight(part):
                    self.literals.add(part)
        return Seq(tuple(nodes)), ""

    def _choice(self, parts: Iterator[str]) -> Choice:
        """Read `3: a b | c ]`; an option without a weight weighs 1."""
        choice, end = Choice(), "|"
        while end == "|":
            option, end = self._sequence(parts)
            if weight := _weight(option.nodes[0]) if option.nodes else None:
                option = Seq(option.nodes[1:])
            choice.options.append((weight or 1.0, option))
        return choice

    def _slot(self, text: str) -> Slot:
        """Read `var:table.column@weights!unlike` or `var.column`."""
        text, _, unlike = text.partition("!")
        text, _, weights = text.partition("@")
        name, _, column = text.partition(".")
        var, _, table = name.partition(":")
        rows = [(float(row.cells[weights][0]) if weights else 1.0, row) for row in self.tables.get(table, ())]
        self.slots.append(Slot(var, column, [(weight, row) for weight, row in rows if weight], unlike))
        return self.slots[-1]

    @property
    def words(self) -> set[str]:
        """Every word that this program can say, and every answer of a fact."""
        said = set(self.literals)
        columns = {slot.column for slot in self.slots if not slot.rows}
        for slot in self.slots:
            for _, row in slot.rows:
                for column in columns & row.cells.keys() | {slot.column}:
                    said.update(row.cells[column])
        return said.union(word for name in self.prompts for row in self.tables[name] for word in row.cells["answer"])


def _weight(node) -> float | None:
    """The weight that `12:` stands for; None for a word or another node."""
    return float(node[:-1]) if isinstance(node, str) and node[-1] == ":" and node[:-1].isdecimal() else None


def join(words: Iterable[str]) -> str:
    """The text of a list of words: Latin words get a space in front, except the first of the text."""
    return "".join(words_as_written(words))


def words_as_written(words: Iterable[str]) -> list[str]:
    """Each word as it stands in the text, with its leading space where it has one."""
    return [written(word, first=i == 0) for i, word in enumerate(words)]


def written(word: str, first: bool) -> str:
    return f" {word}" if word[:1].isascii() and word[:1].isalnum() and not first else word
