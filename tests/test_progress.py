"""The learner's file: never lost, never a crash."""

import errno
import json
import os
import stat
import subprocess
import sys

import pytest

from aigc_course import progress
from aigc_course.i18n import set_lang


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_home_is_the_environment_variable_else_in_the_users_folder(monkeypatch, tmp_path):
    assert progress.home() == tmp_path / "home"
    monkeypatch.delenv("AIGC_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert progress.home() == tmp_path / ".aigc-course"


def test_what_is_saved_is_there_for_the_next_process(own_home):
    assert progress.load() == {"predictions": {}, "checks": {}, "settings": {}}
    assert not own_home.exists(), "reading writes nothing"
    progress.save_prediction("tokens.p1", 75)
    progress.save_prediction("tokens.p2", "多")
    progress.save_check("tokens.q1", True)
    progress.save_check("tokens.q2", False)
    progress.save_setting("lang", "zh")
    code = "from aigc_course import progress; import json; print(json.dumps(progress.load()))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(shown) == {
        "predictions": {"tokens.p1": 75, "tokens.p2": "多"},
        "checks": {"tokens.q1": True, "tokens.q2": False},
        "settings": {"lang": "zh"},
    }
    assert (progress.prediction("tokens.p2"), progress.prediction("none")) == ("多", None)
    assert (progress.setting("lang"), progress.setting("none")) == ("zh", None)


def test_two_notebooks_that_write_at_once_lose_nothing():
    code = """
import sys
from aigc_course import progress
for i in range(40):
    progress.save_check(f"{sys.argv[1]}.q{i}", True)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in ("a", "b", "c")]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(progress.load()["checks"]) == 120


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000, b'{"predictions": []}', b'{"checks": {}}'],
    ids=lambda content: repr(content)[:25],
)
def test_a_damaged_file_is_set_aside_and_said_once(own_home, capsys, content):
    own_home.mkdir()
    (own_home / "progress.json").write_bytes(content)
    assert progress.load() == {"predictions": {}, "checks": {}, "settings": {}}
    progress.save_check("tokens.q1", True)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "progress.json.corrupt-1" in said
    assert (own_home / "progress.json.corrupt-1").read_bytes() == content
    assert progress.load()["checks"] == {"tokens.q1": True}


def test_a_second_damaged_file_gets_the_next_number(own_home):
    for content in ("first", "second"):
        progress.save_check("tokens.q1", True)
        (own_home / "progress.json").write_text(content)
        progress.load()
    assert (own_home / "progress.json.corrupt-1").read_text() == "first"
    assert (own_home / "progress.json.corrupt-2").read_text() == "second"


@pytest.mark.parametrize(("lang", "sentence"), [("zh", "没法把学习进度写进"), ("en", "Progress cannot be kept")])
def test_an_unwritable_home_is_said_once_and_the_lesson_goes_on(tmp_path, monkeypatch, capsys, lang, sentence):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file" / "home"))
    set_lang(lang)
    progress.save_check("tokens.q1", True)
    progress.save_prediction("tokens.p1", 75)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert sentence in said
    assert progress.load()["checks"] == {"tokens.q1": True}
    assert progress.prediction("tokens.p1") == 75


def test_a_full_disk_keeps_the_old_file_and_leaves_no_litter(own_home, monkeypatch, capsys):
    progress.save_check("tokens.q1", True)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    progress.save_check("tokens.q2", True)
    assert os.strerror(errno.ENOSPC) in capsys.readouterr().err
    assert progress.load()["checks"] == {"tokens.q1": True, "tokens.q2": True}, "in memory, with what the file held"
    assert json.loads((own_home / "progress.json").read_text())["checks"] == {"tokens.q1": True}
    assert not list(own_home.glob(".progress*"))


def test_half_a_character_in_the_file_stops_nothing(own_home):
    own_home.mkdir()
    kept = {"predictions": {"tokens.p1": "\ud800"}, "checks": {}, "settings": {}}
    (own_home / "progress.json").write_text(json.dumps(kept))
    progress.save_check("tokens.q1", True)
    assert progress.load() == kept | {"checks": {"tokens.q1": True}}


def test_a_folder_that_became_unwritable_loses_nothing_of_before(own_home, capsys):
    progress.save_check("tokens.q1", True)
    (own_home / "progress.json.lock").unlink(missing_ok=True)
    (own_home / "progress.json.lock").mkdir()  # refused to root too, whom permissions do not stop
    progress.save_check("tokens.q2", True)
    assert progress.load()["checks"] == {"tokens.q1": True, "tokens.q2": True}
    assert "AIGC_HOME" in capsys.readouterr().err


def test_a_writer_killed_before_the_rename_leaves_the_old_file_whole(own_home):
    progress.save_check("tokens.q1", True)
    code = """
import os
from aigc_course import progress
os.replace = lambda *names: os._exit(9)
progress.save_check("x", True)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    assert progress.load()["checks"] == {"tokens.q1": True}


def test_a_value_that_json_cannot_hold_is_refused_before_the_file_is_touched(own_home):
    with pytest.raises(TypeError):
        progress.save_prediction("tokens.p1", object())
    assert not own_home.exists()


def test_nobody_else_can_read_the_file(own_home):
    progress.save_check("tokens.q1", True)
    assert stat.S_IMODE((own_home / "progress.json").stat().st_mode) == 0o600
