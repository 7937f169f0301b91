from hypothesis import given
from hypothesis import strategies as st

from rules.search import BEGIN, END, pairs, plain, wanted

NAME = st.text(st.characters(exclude_characters=BEGIN + END, exclude_categories=["C"]), max_size=12)


@given(NAME, NAME, NAME)
def test_a_name_has_the_pairs_of_each_of_its_parts(before: str, part: str, after: str) -> None:
    """Unless the join itself makes another character (a letter and a mark that combines with it)."""
    name = plain(before) + plain(part) + plain(after)
    if plain(name) != name:
        return
    have = set(pairs(name))
    assert have >= set(wanted(part))
    assert set(pairs(part)) == set(wanted(part, begins=True, ends=True))
    assert have >= set(wanted(before, begins=True))
    assert have >= set(wanted(after, ends=True))


def test_width_capitals_and_blanks_do_not_matter() -> None:
    assert plain("ＡＢＣ （义乌） 商行") == plain("abc(义乌)商行")


def test_a_single_character_is_looked_for_at_the_beginning() -> None:
    assert wanted("陈") == []
    assert wanted("陈", begins=True) == [BEGIN + "陈"]
