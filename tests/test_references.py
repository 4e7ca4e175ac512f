"""aigc_course.references: the places that it names hold what it says."""

import pytest

from aigc_course import grammar, hub, references
from aigc_course.errors import CourseError

MALE = {"zh": {"他"}, "en": {"He", "him", "his"}}
FEMALE = {"zh": {"她"}, "en": {"She", "her"}}


@pytest.fixture(scope="module")
def tokenizer():
    return hub.load_lm("lm", "cpu")[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", references.KINDS)
def test_places_hold_what_is_said(tokenizer, kind, lang):
    drawn = references.draw(kind, lang, 200, seed=1)
    ids, real, places = references.batch(drawn, tokenizer)
    asked = set()
    for reference, row, kept, place in zip(drawn, ids, real, places.tolist(), strict=True):
        said = [tokenizer.decode([i]).strip() for i in row[kept].tolist()]
        assert row[kept].tolist() == tokenizer.encode(reference.text)[: place + 1] and place == reference.place
        assert grammar.is_sentence(reference.text)
        assert reference.earlier and all(0 < at < place for at in reference.earlier)
        names = {said[at] for at in reference.earlier}
        if kind == "name":
            assert names == {said[place]}
            assert [at for at in range(1, place) if said[at] == said[place]] == list(reference.earlier)
        else:
            of = MALE if said[place] in MALE[lang] else FEMALE
            assert said[place] in of[lang] and all(references.people(lang)[name] == of[lang] for name in names)
        asked.add(said[place])
    assert len(asked) == (16 if kind == "name" else len(MALE[lang] | FEMALE[lang]))
    assert drawn == references.draw(kind, lang, 200, seed=1) != references.draw(kind, lang, 200, seed=2)


@pytest.mark.parametrize("how", [("noun", "zh", 3), ("name", "fr", 3), ("name", "zh", 0)])
def test_bad_values(how):
    with pytest.raises(CourseError) as caught:
        references.draw(*how, seed=0)
    assert caught.value.zh.endswith("。") and caught.value.en.endswith(".")
