"""What `aigc grade` says on the terminal."""

from collections import Counter

from rich.console import Console
from rich.markup import escape

from aigc_course.i18n import t


def counts(found: Counter[str]) -> str:
    """What the progress bar says beside the numbers."""
    said = []
    if found["limits"]:
        said.append(t(f"超限 {found['limits']}", f"over a limit: {found['limits']}"))
    if found["failed"]:
        said.append(t(f"失败 {found['failed']}", f"failed: {found['failed']}"))
    return t("，", ", ").join(said)


def protection(report: dict) -> str:
    """What protects this machine from what is graded, in one line (see `sandbox.report`)."""
    spaces = {"root's": t("命名空间（root）", "namespaces (root's)"), "user": t("用户命名空间", "user namespaces")}
    walls = [spaces.get(report["namespaces"], t("没有命名空间", "no namespaces"))]
    walls += [f"Landlock {report['landlock']}" if report["landlock"] else t("没有 Landlock", "no Landlock")]
    walls += ["seccomp"] if report["seccomp"] else []
    walls += [t("单独的用户", "a user of its own")] if report["own_uid"] else []
    return t("沙箱：", "Sandbox: ") + t("、", ", ").join(walls)


def summary(done, console: Console) -> None:
    """The closing lines for a `grade.Summary`."""
    console.print(
        t(
            f"新评 {done.graded} 份，已有 {done.kept} 份，用时 {done.seconds:.1f} 秒。",
            f"{done.graded} graded, {done.kept} had a result already, in {done.seconds:.1f} s.",
        )
    )
    if done.problems:
        console.print(
            t(
                f"{done.problems} 份有问题，见表里的 problem 列。",
                f"{done.problems} with a problem: see the column problem of the table.",
            )
        )
    if done.given:
        cell, what, count = done.given
        console.print(
            t(
                f"课程自带的格子 {cell} 在 {count} 份里出错（{what}），多半不怪学生：先看这台机器上的课程装全了没有。",
                f"The course's own cell {cell} failed in {count} submissions ({what}), which is hardly the students' "
                "fault: see whether the course on this machine is whole.",
            )
        )
    if done.to_mark:
        console.print(
            t(
                f"{done.to_mark} 道题等人批改：nbgrader formgrader；批完再运行一次这条命令。",
                f"To mark by hand: {done.to_mark} (formgrader); then run this command once more.",
            )
        )
    if done.alike:
        console.print(
            t(f"{done.alike} 组答案很像，见 similarity/。", f"Groups of like answers: {done.alike}, see similarity/.")
        )
    for student, why in done.failed:
        console.print(f"[red]{escape(student)}: {escape(why)}")
    if done.failed:
        console.print(t("这些没有评出来：再运行一次。", "These have no result: run the command once more."))
    console.print(str(done.table))
