from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from models.database import Database
from models.subject_search import by_code, by_name, catch_up, create, find_subjects
from tests.actions.importing import subjects, uscc

NAMES = [
    "义乌市稠城老街面馆",
    "老街面馆",
    "老街面馆（分店）",
    "陈明",
    "陈明明",
    "ABC Foods 义乌",
    "面馆老街",
    "100%_果汁店",
]


async def names(database: Database, words: str, limit: int = 20) -> list[str]:
    async with database.read() as session:
        return [one.name for one in await find_subjects(session, words, limit)]


async def forget(database: Database) -> None:
    """As after a large import: the index has nothing yet."""
    async with database.write() as session:
        await session.execute(text("DELETE FROM subject_search_state"))
        await session.execute(text("DROP TABLE subject_search"))
        await (await session.connection()).run_sync(create)


async def indexed(database: Database) -> None:
    async with database.write() as session:
        assert await catch_up(session) > 0
        assert await catch_up(session) == 0


async def test_names_are_found_before_and_after_the_index_has_them(database: Database) -> None:
    await subjects(database, ["code", "name"], *[[uscc(number), name] for number, name in enumerate(NAMES)])
    await forget(database)
    expected = {
        "老街面馆": ["老街面馆", "老街面馆（分店）", "义乌市稠城老街面馆"],  # the whole name, its beginning, a part
        "面馆": ["面馆老街", "义乌市稠城老街面馆", "老街面馆", "老街面馆（分店）"],
        "陈明": ["陈明", "陈明明"],
        "陈": ["陈明", "陈明明"],
        "明": [],
        "100%_": ["100%_果汁店"],
        "馆老": ["面馆老街"],
        "%": [],
        "没有": [],
        "": [],
    }
    for words in ("老街面馆", "面馆", "陈明", "馆老", "没有", "100%_"):
        assert set(await names(database, words)) == set(expected[words]), words
    await indexed(database)
    for words, found in expected.items():
        assert await names(database, words) == found, words
    assert await names(database, "(分店)") == ["老街面馆（分店）"]
    assert await names(database, "abcfoods义") == ["ABC Foods 义乌"]
    assert await names(database, "面馆", limit=2) == expected["面馆"][:2]


async def test_a_code_or_its_beginning_is_found(database: Database) -> None:
    await subjects(database, ["code", "name"], [uscc(1), "甲"], [uscc(1, "330702"), "乙"])
    async with database.read() as session:
        assert len(await by_code(session, uscc(1).lower(), 5)) == 1
        assert len(await by_code(session, "9133", 5)) == 2
        assert await by_code(session, "913", 5) == []
        assert await by_code(session, "义乌面馆", 5) == []


async def test_who_is_renamed_is_found_by_the_new_name_alone(database: Database) -> None:
    await subjects(database, ["code", "name"], [uscc(1), "旧名字店"], [uscc(2), "别的店"])
    await subjects(database, ["code", "name"], [uscc(1), "新招牌店"], [uscc(3), "后来的店"])
    assert await names(database, "新招牌店") == ["新招牌店"]
    assert await names(database, "旧名字") == []
    assert await names(database, "后来的") == ["后来的店"]
    await subjects(database, ["code", "name"], [uscc(3), "改了名的店"])
    assert await names(database, "改了名") == ["改了名的店"]
    assert await names(database, "后来的") == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("老街面馆ab（", min_size=1, max_size=6), min_size=1, max_size=8),
    st.text("老街面馆a", min_size=2, max_size=3),
)
async def test_the_index_finds_what_looking_through_all_finds(
    database: Database, called: list[str], words: str
) -> None:
    async with database.write() as session:
        await session.execute(text("DELETE FROM subjects"))
    await subjects(database, ["code", "name"], *[[uscc(number), name] for number, name in enumerate(called)])
    await forget(database)
    async with database.read() as session:
        slowly = sorted(await by_name(session, words, 20))
    await indexed(database)
    async with database.read() as session:
        assert sorted(await by_name(session, words, 20)) == slowly
