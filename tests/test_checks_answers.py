"""Every check of every lab against the right and wrong answers in tests/answers."""

import re
from pathlib import Path

import pytest
from lab_answers import DROPPED, FEW_SEEDS, PATIENCE, RIGHT, WRONG, grade, patience

from aigc_course.i18n import set_lang


@pytest.mark.parametrize(("id", "path"), RIGHT, ids=lambda x: x.stem if isinstance(x, Path) else x)
def test_other_right_answers_pass(id, path):
    failed = [r for r in grade(id, path.read_text(encoding="utf-8"), FEW_SEEDS) if not r.passed]
    assert not failed, failed[0]


@DROPPED
@pytest.mark.parametrize(("id", "path"), WRONG, ids=lambda x: x.stem if isinstance(x, Path) else x)
def test_wrong_answers_fail_with_a_hint(id, path):
    code = path.read_text(encoding="utf-8")
    assert code.startswith("# "), "the first line says what the mistake is"
    for lang, chinese, seeds in (("zh", True, FEW_SEEDS), ("en", False, FEW_SEEDS[:1])):
        set_lang(lang)
        with patience(20 * PATIENCE):
            results = grade(id, code, seeds)
        assert not any(result.passed for result in results), "passes with some seeds"
        for result in results:
            assert result.reason != "missing", result.hint
            assert not re.search("检查读不懂|cannot read the answer", result.hint), result.hint
            assert bool(re.search("[一-鿿]", result.hint)) == chinese, f"the {lang} hint: {result.hint}"
