"""`aigc grade`: find submissions, grade those that have no result yet, put all into gradebook, feedback and tables."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from aigc_course import i18n
from aigc_course.errors import CourseError
from aigc_course.grading import feedback, labels, pools, similarity, submissions, work
from aigc_course.grading import lab as labs
from aigc_course.grading.gradebook import Book, Marks
from aigc_course.grading.late import LateRule
from aigc_course.grading.limits import Limits
from aigc_course.grading.receipts import Receipts
from aigc_course.grading.store import Store, row, total
from aigc_course.i18n import t

COMPARED = 20_000  # characters of an answer; a longer one is compared with nothing


@dataclass(frozen=True)
class Settings:
    """What `aigc grade` was asked for. seed: None for one drawn once per lab. scheduler: of a Dask cluster, None for
    processes here. again: grade what has a result too. threshold: of the similarity report."""

    slug: str
    out: Path
    workers: int = 2
    seed: str | None = None
    scheduler: str | None = None
    late: LateRule = field(default_factory=LateRule)
    limits: Limits = field(default_factory=Limits)
    again: bool = False
    threshold: float = 0.9


@dataclass
class Summary:
    """What came of it. failed: students without a result, each with why: run again. graded: anew in this run. given:
    (id of a cell that the course gave, what happened, in how many submissions), where that was in most."""

    graded: int = 0
    kept: int = 0
    to_mark: int = 0
    problems: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    alike: int = 0
    table: Path | None = None
    seconds: float = 0.0
    given: tuple[str, str, int] | None = None


Run = Callable[[Iterator[pools.Job]], Iterator[pools.Done]]


@dataclass
class _Turn:
    """One submission of this run: what its result will depend on, and the receipt for it."""

    submission: submissions.Submission
    key: str
    receipt: dict
    refused: tuple[str, str] | None


def grade(path: Path, settings: Settings, run: Run | None = None) -> Summary:
    """Grade the submissions at `path`. run: does the jobs, by default as the settings say.

    Stopped at any moment, even killed, it goes on where it was when it is called again.
    """
    lab = labs.load(settings.slug)
    found = submissions.find(path, settings.slug)
    settings.out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.out / ".grading.lock", timeout=0):
            store = Store(settings.out, lab)
            with closing(Book(settings.out / "gradebook.db", lab, settings.late.due)) as book:
                return _Grading(lab, store, book, settings, run or _runner(settings)).all(found)
    except Timeout:
        raise CourseError(
            f"另一个 aigc grade 正在写 {settings.out}：等它结束，或用 --out 换一个文件夹。",
            f"Another aigc grade is writing to {settings.out}: wait for it, or choose another folder with --out.",
        ) from None


def _runner(settings: Settings) -> Run:
    if settings.scheduler:
        return lambda jobs: pools.dask(jobs, settings.scheduler)
    return lambda jobs: pools.local(jobs, settings.workers)


@contextmanager
def _speaking(lang: str) -> Iterator[None]:
    before = i18n.get_lang()
    i18n.set_lang(lang)
    try:
        yield
    finally:
        i18n.set_lang(before)


class _Grading:
    """One run. The only writer of its folder."""

    def __init__(self, lab: labs.Lab, store: Store, book: Book, settings: Settings, run: Run):
        self.lab, self.store, self.book, self.settings, self.run = lab, store, book, settings, run
        self.secret = store.secret(settings.seed)
        self.receipts = Receipts(store.out / "receipts.jsonl")
        self.summary = Summary()

    def all(self, found: list[submissions.Submission]) -> Summary:
        start = datetime.now()
        self.store.configure()
        turns = {one.submission.student: one for one in map(self._turn, found)}
        waiting = []
        for student, turn in turns.items():
            stored = None if self.settings.again else self.store.result(student)
            if stored and stored["key"] == turn.key:
                self.summary.kept += 1
            elif turn.refused:
                self._finished(turn, work.unreadable(self.lab, turn.receipt["sha256"], *turn.refused))
            else:
                waiting.append(student)
        self._work(turns, waiting)
        self._close()
        self.summary.seconds = (datetime.now() - start).total_seconds()
        return self.summary

    def _turn(self, submission: submissions.Submission) -> _Turn:
        refused = None
        try:
            data = submission.read(self.settings.limits.file)
        except submissions.Refused as error:
            data, refused = error.en.encode(), (error.zh, error.en)
        receipt = self.receipts.give(self.lab.slug, submission.student, data, submission.handed_in)
        key = work.key(receipt["sha256"], self.lab.hash, self.settings.limits, self.secret)
        return _Turn(submission, key, receipt, refused)

    def _jobs(self, turns: dict[str, _Turn], waiting: list[str]) -> Iterator[pools.Job]:
        limits = self.settings.limits

        def load(turn: _Turn) -> tuple:
            data = turn.submission.read(limits.file)
            return data, self.lab.slug, self.lab.hash, limits.to_dict(), self.secret

        for student in waiting:
            yield pools.Job(student, lambda turn=turns[student]: load(turn))

    def _work(self, turns: dict[str, _Turn], waiting: list[str]) -> None:
        if not waiting:
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            TextColumn(t("还要", "left")),
            TimeRemainingColumn(),
        )
        counts: Counter[str] = Counter()
        with Progress(*columns) as progress, closing(self.run(self._jobs(turns, waiting))) as done:
            task = progress.add_task(t("评分", "grading"), total=len(waiting), said="")
            for job, result in done:
                if isinstance(result, CourseError) and not isinstance(result, submissions.Refused):
                    raise result
                if isinstance(result, BaseException):
                    self.summary.failed.append((job.student, str(result) or type(result).__name__))
                elif result["key"] != turns[job.student].key:
                    changed = t("文件在评分时变了。", "The file changed while it was being graded.")
                    self.summary.failed.append((job.student, changed))
                else:
                    self._finished(turns[job.student], result)
                    counts["limits"] += bool(result["limits_hit"])
                counts["failed"] = len(self.summary.failed)
                progress.update(task, advance=1, said=labels.counts(counts))

    def _finished(self, turn: _Turn, result: dict) -> None:
        """Store a new result: the file first, because it is what a later run goes by."""
        student, before = turn.submission.student, self.store.result(turn.submission.student)
        with _speaking(result["lang"]):
            notes = [t(*note) for note in turn.submission.notes]
        result |= {
            "student": student,
            "file": turn.submission.name,
            "key": turn.key,
            "seconds": result.get("seconds", 0.0),
            "notes": notes + result["notes"],
            "handed_in": turn.receipt["handed_in"],
            "receipt": turn.receipt,
            "late": {"days": 0, "penalty": 0.0},
            "total": result["score"],
        }
        self.store.put_notebook(result)
        self.book.record(student, result, before, datetime.fromisoformat(result["handed_in"]))
        self.store.put(result)
        self.summary.graded += 1

    def _close(self) -> None:
        """What depends on everything: people's marks, the late rule, the table, feedback, likeness."""
        marks, rows = self.book.marks(), []
        lost = [result for result in self.store.all_results() if result["student"] not in marks]
        for result in lost:  # the gradebook was taken away, or is another's
            self.book.record(result["student"], result, result, datetime.fromisoformat(result["handed_in"]))
        marks = self.book.marks() if lost else marks
        answers: dict[str, dict[str, str]] = {asked.id: {} for asked in self.lab.questions}
        broken: Counter[tuple[str, str]] = Counter()
        for result in self.store.all_results():
            broken.update({(one["given"], one["what"]) for one in result["failed_cells"] if one.get("given")})
            rows.append(self._settle(result, marks[result["student"]]))
            for one in result["questions"]:
                if len(one["answer"]) <= COMPARED:
                    answers[one["id"]][result["student"]] = one["answer"]
        self.summary.table = self.store.put_table(rows)
        self.summary.to_mark = sum(one["to_mark"] for one in rows)
        self.summary.problems = sum(bool(one["problem"]) for one in rows)
        for (cell, what), count in broken.most_common(1):
            if count > max(1, len(rows) / 2):
                self.summary.given = cell, what, count
        groups = []
        for asked in self.lab.questions:
            stubs = tuple(self.lab.cells[asked.answer_id].sources.values())
            groups += similarity.alike(asked.id, answers[asked.id], self.settings.threshold, stubs, asked.manual)
        self.store.put_report(similarity.report(groups))
        self.summary.alike = sum(one.kind != "common" for one in groups)

    def _settle(self, result: dict, marks: Marks) -> dict:
        """The late rule and people's marks in one result, its page, and its line of the table."""
        handed_in, rule = datetime.fromisoformat(result["handed_in"]), self.settings.late
        penalty = rule.penalty(marks.total, handed_in)
        if penalty != marks.penalty:
            self.book.penalise(result["student"], penalty)
        result["late"] = {"days": rule.days(handed_in), "penalty": penalty}
        result["total"] = total(result, marks)
        for one in result["questions"]:
            one["final"] = None if one["grade_id"] in marks.open else marks.scores.get(one["grade_id"])
        self.store.put(result)
        with _speaking(result["lang"]):
            self.store.put_page(result["student"], feedback.page(result, marks))
        return row(result, marks)
