"""The command line `aigc`. Exit codes: 0 fine, 1 something failed, 2 bad input, said in one sentence."""

import json
from pathlib import Path

import click

from aigc_course import course, i18n
from aigc_course.errors import CourseError, mendable
from aigc_course.i18n import t

LANG_HELP = t("语言：zh 或 en", "language: zh or en")
ACCEPT_HELP = t("我已核对两种语言", "say that you have compared both languages")


class Commands(click.Group):
    """Shows what the reader can mend as one sentence; any other error keeps its traceback."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except CourseError as error:
            click.echo(str(error), err=True)
        except (OSError, ImportError) as error:
            if not (sentence := mendable(error)):
                raise
            click.echo(sentence, err=True)
        ctx.exit(2)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of this file, which is the order of use


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=t("AIGC 课：在自己的电脑上学生成式 AI。", "AIGC Course: learn generative AI on your own computer."),
)
@click.version_option(package_name="aigc-course")
def main() -> None:
    pass


@main.command(help=t("打开课程首页（JupyterLab）。", "Open the course home in JupyterLab."))
@click.option("--lang", help=LANG_HELP)
@click.option("--no-browser", is_flag=True, help=t("只显示网址，不打开浏览器", "print the address, open no browser"))
@click.option("--port", type=int, help=t("端口；不写就自动找", "port; found by itself where not given"))
def start(lang: str | None, no_browser: bool, port: int | None) -> None:
    from aigc_course import home

    _speak(lang)
    course.require_clone()
    raise SystemExit(home.serve(i18n.get_lang(), browser=not no_browser, port=port))


@main.command(
    help=t("检查这台电脑能不能上课，告诉你怎么修。", "Check this machine, and say how to mend what is broken.")
)
def doctor() -> None:
    from aigc_course.doctor import report

    if report():
        raise SystemExit(1)


@main.command(
    help=t("不开浏览器，从头到尾运行课文（不写就全部）。", "Execute lessons (all without SLUG), without a browser.")
)
@click.argument("slugs", nargs=-1, metavar="[SLUG]…")
@click.option("--lang", help=LANG_HELP)
@click.option(
    "--tier",
    default="cpu",
    show_default=True,
    help=t("cpu：自带的小模型；gpu：大模型", "cpu: the bundled small models; gpu: hub models"),
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help=t("把运行结果存到这里", "keep executed copies here")
)
def run(slugs: tuple[str, ...], lang: str | None, tier: str, out: Path | None) -> None:
    from aigc_course import hub
    from aigc_course.book import run as book

    _speak(lang)
    course.require_clone()
    lessons = [course.lesson(slug) for slug in slugs] or list(course.load().lessons)
    # here and not in the kernel, where a missing GPU or network would cost a minute and look like a broken lesson
    for name in dict.fromkeys(name for lesson in lessons for name in lesson.models):
        hub.prepare(name, tier)
    results = book.run([lesson.slug for lesson in lessons], [i18n.get_lang()], tier, out)
    raise SystemExit(1 if any(result.error for result in results) else 0)


@main.command(help=t("把源文件做成两种语言的课文和练习。", "Turn sources into lessons and labs in both languages."))
@click.argument("slugs", nargs=-1, metavar="[SLUG]…")
@click.option("--check", is_flag=True, help=t("只检查，不写文件", "only look for problems, write nothing"))
@click.option("--accept", multiple=True, metavar="SLUG", help=ACCEPT_HELP)
@click.option("--force", is_flag=True, help=t("没改动的也重新运行", "also execute again what has not changed"))
def build(slugs: tuple[str, ...], check: bool, accept: tuple[str, ...], force: bool) -> None:
    course.require_clone()
    from aigc_course.book import build as book
    from aigc_course.book import slides as decks

    if accept:
        _stamped(book.accept(list(accept)))
    elif check:
        problems = book.check(list(slugs)) + ([] if slugs else decks.check())
        for problem in problems:
            click.echo(problem, err=True)
        if problems:
            raise SystemExit(1)
        click.echo(t("没有问题。", "No problems."))
    else:
        changed = book.build(list(slugs), force=force)
        for path in changed:
            click.echo(path.relative_to(course.root()).as_posix())
        click.echo(t(f"{len(changed)} 个文件有变化。", f"{len(changed)} files changed."))


@main.command(
    help=t(
        "做讲座的幻灯片（不写就全部）：一个离线能放的网页，一份能在 JupyterLab 里放的笔记本。",
        "Make the lecture's decks (all without PART): a page that runs offline, a notebook to present in JupyterLab.",
    )
)
@click.argument("parts", nargs=-1, metavar="[PART]…")
@click.option("--lang", help=t("zh 或 en；不写就两种都做", "zh or en; both where not given"))
@click.option("--pdf", is_flag=True, help=t("再做一份 PDF（要有 Chromium）", "a PDF too (needs Chromium)"))
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help=t("写到哪个文件夹，默认 slides/", "folder to write to; slides/ where not given"),
)
@click.option("--accept", multiple=True, metavar="PART", help=ACCEPT_HELP)
def slides(parts: tuple[str, ...], lang: str | None, pdf: bool, to: Path | None, accept: tuple[str, ...]) -> None:
    course.require_clone()
    _speak(lang)
    from aigc_course.book import slides as book

    if accept:
        _stamped(book.accept(list(accept)))
    else:
        for path in book.made_for(list(parts), [lang] if lang else list(i18n.LANGS), to, pdf):
            click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


@main.command(
    help=t(
        "做课程网站：两种语言的课文、练习题、幻灯片和术语表，断网也能看。",
        "Make the course's website: lessons, labs, decks and glossary in both languages, without a network.",
    )
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help=t("写到哪个文件夹，默认 site/", "folder to write to; site/ where not given"),
)
def site(out: Path | None) -> None:
    course.require_clone()
    from aigc_course.book import site as book
    from aigc_course.book import site_pages, slides

    click.echo(str(book.build(out)))
    if any(len(site_pages.built_decks(lang)) < len(slides.decks()) for lang in i18n.LANGS):
        click.echo(
            t(
                "网站里缺幻灯片：先运行 aigc slides，再做一遍网站。",
                "The site lacks decks: run aigc slides, then build the site again.",
            ),
            err=True,
        )


@main.command(help=t("列出自带的模型。", "List the bundled models."))
@click.option("--json", "as_json", is_flag=True, help=t("给程序读的格式（JSON）", "as JSON, for programs to read"))
def models(as_json: bool) -> None:
    from aigc_course import hub

    found = hub.models()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(t("名字", "name"), "MB", "sha256", t("是什么", "what it is"))
    for one in found:
        table.add_row(one["name"], f"{one['size'] / 1e6:.1f}", one["sha256"][:12], course.model(one["name"]).about)
    Console().print(table)


@main.command(
    help=t(
        "在本机开一个模型服务器，接口与 OpenAI 的一样：不用密钥，也不用联网。",
        "Serve the bundled models on this machine through OpenAI's API: no key, no network.",
    )
)
@click.option("--port", type=int, default=8017, show_default=True, help=t("端口", "port"))
def serve(port: int) -> None:
    from aigc_course.serve import run as serve_models

    serve_models(port)


@main.command(help=t("从头训练一个自带的模型。", "Train a bundled model from nothing."))
@click.argument("model", metavar="MODEL")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help=t("存到哪个文件夹，默认在进度文件夹里", "folder to write to; one in the progress folder where not given"),
)
@click.option(
    "--seed", type=int, help=t("随机种子，默认用配方的第一个", "random seed; the recipe's first where not given")
)
@click.option(
    "--publish",
    is_flag=True,
    help=t(
        "配方里的种子都训练一遍，第一个取代自带的（给维护者）",
        "train all the recipe's seeds and bundle the first (for maintainers)",
    ),
)
def train(model: str, out: Path | None, seed: int | None, publish: bool) -> None:
    from aigc_course import train as training

    course.model(model)
    training.run(model, seed=seed, out=out, publish=publish)


@main.command(help=t("把一个练习做成发给学生的样子。", "Write what the students of a lab get."))
@click.argument("lab", metavar="LAB")
@click.option("--lang", help=LANG_HELP)
@click.option(
    "--to",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help=t("写到哪个文件夹", "folder to write to"),
)
@click.option("--force", is_flag=True, help=t("覆盖不同的文件", "overwrite files that differ"))
def release(lab: str, lang: str | None, to: Path, force: bool) -> None:
    course.require_clone()
    from aigc_course.grading.release import release as write

    _speak(lang)
    for path in write(lab, i18n.get_lang(), to, force):
        click.echo(str(path))


@main.command(
    help=t(
        "给学生交的练习评分：SUBMISSIONS 是 nbgrader 的 submitted、普通文件夹或 zip。中断后再运行一次就接着评。",
        "Grade what students handed in: nbgrader's submitted folder, a plain one or a zip. Run it again after a stop, "
        "and it goes on.",
    )
)
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("--lab", required=True, metavar="LAB", help=t("哪个练习", "which lab"))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help=t("结果写到哪里", "folder for the results"),
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help=t("同时评几份，默认每个处理器一份", "how many to grade at once; one per processor where not given"),
)
@click.option("--scheduler", metavar="tcp://…", help=t("用这个 Dask 集群", "grade on the Dask cluster at this address"))
@click.option("--seed", help=t("隐藏输入的种子，不写就随机抽一个", "seed of the hidden inputs; drawn where not given"))
@click.option(
    "--due", metavar="TIME", help=t("截止时间，如 2026-11-30T18:00+08:00", "the deadline, such as 2026-11-30T18:00Z")
)
@click.option(
    "--late-per-day",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help=t("每迟一天扣得分的百分之几", "what to take off for each day late, in per cent of the score"),
)
@click.option("--again", is_flag=True, help=t("已有结果的也重新评", "also grade again what has a result already"))
def grade(submissions: Path, lab: str, out: Path, due: str | None, late_per_day: float, **options) -> None:
    course.require_clone()
    course.lesson(lab)
    import os

    from rich.console import Console

    from aigc_course.grading import grade as grading
    from aigc_course.grading import labels, late
    from aigc_course.grading.kernels.sandbox import report

    if late_per_day and not due:
        raise CourseError(
            "写了 --late-per-day，却没有截止时间：请再写 --due。",
            "--late-per-day needs a deadline: give --due as well.",
        )
    if options["seed"] == "":
        raise CourseError(
            "--seed 是空的：写一个别人猜不到的，或者干脆不写。",
            "--seed is empty: give one that nobody guesses, or none.",
        )
    rule = late.LateRule(late.deadline(due) if due else None, late_per_day)
    console = Console()
    if not options["scheduler"]:  # the code runs on other machines then
        console.print(labels.protection(report()))
    options["workers"] = options["workers"] or os.cpu_count() or 1
    try:
        done = grading.grade(submissions, grading.Settings(lab, out, late=rule, **options))
    except KeyboardInterrupt:
        console.print(t("停下了。再运行同一条命令就接着评。", "Stopped. The same command goes on from here."))
        raise SystemExit(130) from None
    labels.summary(done, console)
    raise SystemExit(1 if done.failed else 0)


def _stamped(cells: int) -> None:
    click.echo(t(f"{cells} 格已标为核对过。", f"{cells} cells marked as compared."))


def _speak(lang: str | None) -> None:
    if lang is not None:
        i18n.set_lang(lang)
