"""The catalogue says what the lecture says; one's own list loses nothing."""

import csv
import subprocess
import sys
from datetime import date, timedelta

import pytest

from aigc_course import tool_list
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang
from aigc_course.tool_list import KINDS, ORIGINS, Mine

TODAY = date(2026, 11, 26)
KIMI = Mine("Kimi", "长文 long texts", date(2026, 11, 1), main=True, note='reads "50" files, and searches')


def test_the_catalogue_is_dated_and_no_row_stands_twice():
    rows = tool_list.catalogue()
    assert len({(row.name, row.kind) for row in rows}) == len(rows) > 50
    for row in rows:
        assert row.kind in KINDS
        assert row.origin in ORIGINS
        assert row.as_of == "2025-02-20"
        assert row.now == "unknown"
        assert row.name
        assert row.source.startswith("DeepSeek与AIGC应用, part ")
        assert bool(row.about_zh) == bool(row.about_en)


def test_the_catalogue_is_filtered():
    names = [row.name for row in tool_list.find("search", "domestic")]
    assert names == ["秘塔", "纳米AI", "天工", "微信搜索"]
    assert [row.name for row in tool_list.find("audio", "foreign")] == ["Suno"]
    assert {row.name for row in tool_list.find(word="MULTIMODAL")} == {"豆包", "Kimi", "智谱清言"}
    assert len(tool_list.find()) == len(tool_list.catalogue())
    for wrong in ({"kind": "robots"}, {"origin": "Mars"}):
        with pytest.raises(CourseError):
            tool_list.find(**wrong)


def test_what_is_kept_is_there_again():
    assert tool_list.read() == []
    assert not tool_list.path().parent.exists(), "reading writes nothing"
    tool_list.keep(KIMI)
    other = Mine("=秘塔, 搜索", "search\nwith sources", TODAY)
    assert tool_list.keep(other) == [KIMI, other]
    assert tool_list.read() == [KIMI, other]


def test_a_second_entry_of_the_same_name_replaces_the_first():
    tool_list.keep(KIMI)
    tool_list.keep(Mine("Suno", "songs", TODAY))
    again = Mine("kimi", "search", TODAY)
    assert tool_list.keep(again)[0] == again
    assert len(tool_list.read()) == 2


def test_a_new_test_changes_the_date_alone():
    tool_list.keep(KIMI)
    [tool] = tool_list.tested("KIMI", TODAY, note="slower now")
    assert (tool.name, tool.tested, tool.note, tool.main) == ("Kimi", TODAY, "slower now", True)
    with pytest.raises(CourseError):
        tool_list.tested("nobody", TODAY)


def test_after_three_weeks_a_tool_is_due():
    def on(days):
        return Mine(f"{days}", "", TODAY - timedelta(days))

    tools = [on(days) for days in (0, 21, 22, 60, -1)]
    assert [tool.name for tool in tool_list.due(tools, TODAY)] == ["60", "22", "-1"]
    assert "60 (60 days ago), 22" in tool_list.reminder(tools, TODAY)
    assert "(2) was tested" in tool_list.reminder(tools[:2], TODAY)
    assert "empty" in tool_list.reminder([], TODAY)
    set_lang("zh")
    assert "60（60 天前）" in tool_list.reminder(tools, TODAY)


def test_a_list_that_a_spreadsheet_has_saved_is_read():
    tool_list.path().parent.mkdir(parents=True)
    saved = "name,purpose,tested,main,note\r\nKimi,x,2026/11/1,YES,\r\n,,,,\r\nSuno,,2026-1-05,,\r\n"
    tool_list.path().write_bytes(b"\xef\xbb\xbf" + saved.encode())
    assert [tool.tested for tool in tool_list.read()] == [date(2026, 11, 1), date(2026, 1, 5)]
    assert [tool.main for tool in tool_list.read()] == [True, False]


HEAD = "name,purpose,tested,main,note\n"


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"tool,when\n",
        HEAD.encode() + b"Kimi,x,yesterday,yes,\n",
        HEAD.encode() + b"Kimi,x,2026-02-30,yes,\n",
        HEAD.encode() + b"Kimi,x,2026-11-01,maybe,\n",
        HEAD.encode() + b",x,2026-11-01,yes,\n",
        HEAD.encode() + b"Kimi,2026-11-01\n",
        HEAD.encode() + b'Kimi,"x,2026-11-01,yes,\n',
        (HEAD + "豆包,聊天,2026-11-01,yes,\n").encode("gbk"),
        b"\x00\xff\xfe",
    ],
)
def test_a_broken_list_is_told_of_and_left_as_it_is(broken):
    tool_list.path().parent.mkdir(parents=True)
    tool_list.path().write_bytes(broken)
    for do in (tool_list.read, lambda: tool_list.keep(KIMI), lambda: tool_list.tested("Kimi", TODAY)):
        with pytest.raises(CourseError) as told:
            do()
        assert "my_tools.csv" in told.value.zh
        assert "my_tools.csv" in told.value.en
    assert tool_list.path().read_bytes() == broken


def test_an_entry_without_a_name_and_a_place_that_cannot_be_written_are_told_of(tmp_path):
    with pytest.raises(CourseError):
        tool_list.keep(Mine(" ", "", TODAY))
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError):
        tool_list.keep(KIMI, tmp_path / "file" / "my_tools.csv")


def test_two_who_write_at_once_lose_nothing():
    code = (
        "import sys; from datetime import date; from aigc_course.tool_list import *\n"
        "for i in range(10): keep(Mine(f'{sys.argv[1]}{i}', '', date(2026, 1, 1)))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, who]) for who in "ab"]
    assert [one.wait() for one in both] == [0, 0]
    assert len(tool_list.read()) == 20
    with tool_list.path().open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 21
