"""Binding a chat, and where people find themselves."""

from sqlalchemy import select

from actions import people
from handlers import COMMANDS, menus
from models.people import Chat
from tests.conversations.conftest import Town


async def invited(town: Town, staff_no: str) -> str:
    async with town.app.database.write() as session:
        return await people.invite(session, staff_no, town.clock(), None)


async def test_a_link_binds_once(town: Town) -> None:
    phone = town.telegram.phone("王强新手机", user_id=2001, language="zh-hans")
    token = await invited(town, "330700023")
    await phone.opens(f"https://t.me/suicha_bot?start={token}")
    await phone.sees("义乌市市场监督管理局 · 王强", button="是我，绑定")
    await phone.presses("是我，绑定")
    await phone.sees("已绑定")
    chats = await town.rows(select(Chat).where(Chat.person_id == town.ids["王强"]))
    assert [chat.id for chat in chats] == [2001]
    other = town.telegram.phone("路人", user_id=2002, language="zh-hans")
    await other.opens(f"https://t.me/suicha_bot?start={token}")
    await other.sees("已经用过")
    await town["赵主管"].sees("王强 换了账号绑定")


async def test_a_bound_chat_stays_who_it_is(town: Town) -> None:
    token = await invited(town, "330700023")
    await town["李娜"].opens(f"https://t.me/suicha_bot?start={token}")
    await town["李娜"].sees("已绑定 李娜")


async def test_a_stranger_is_greeted_in_their_language(town: Town) -> None:
    phone = town.telegram.phone("Anna", user_id=2003, language="en")
    await phone.says("/start")
    card = await phone.sees("This is Suicha", button="Look up results")
    assert [one["url"] for row in card.keyboard for one in row] == [town.app.settings.address]
    await phone.says("Is my shop on the list?")
    await phone.sees("This is Suicha", button="Look up results")
    await phone.says("/tasks")
    await phone.sees("You are not bound yet")


async def test_a_chat_finds_the_commands_of_its_person_in_its_menu(town: Town) -> None:
    inspector, stranger = town["李娜"], town.telegram.phone("路人", user_id=2004, language="en")
    assert [one["command"] for one in await stranger.commands()] == ["start", "help", "lang", "cancel"]
    await inspector.says("/start")
    await inspector.sees("李娜")
    await inspector.settles()
    names = [one["command"] for one in await inspector.commands()]
    assert names[:2] == ["tasks", "code"]
    assert {"invite", "review"} & set(names) == set()
    await inspector.says("/lang")
    await inspector.sees("用哪种语言")
    await inspector.presses("English")
    await inspector.settles()
    assert (await inspector.commands())[0]["description"] == "My visits"


def test_each_command_is_in_somebodys_menu() -> None:
    roles = (*menus.OF_ROLE, "expert")
    assert {name for role in roles for name in menus.menu([role])} == set(COMMANDS)
