"""A draw held from the terminal by the real process: from the commitment to a bundle that the checker accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import draws, plans
from actions.journal import record
from models.database import Database
from models.draws import Draw
from models.items import Item
from models.journal import JournalEntry
from models.people import Area, Person
from models.visits import Visit
from rules.draw import canonical
from tests.conversations.conftest import ZONE, put_database, settle_town
from tests.e2e.test_cli import bot

SUPERVISOR, INSPECTOR, LIAISONS = "330700010", "330700021", ("330700031", "330700041")
WITNESSES = [word for one in LIAISONS for word in ("--witness", one)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An installation's folder."""
    put_database(tmp_path / "data")
    return tmp_path


def address(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'suicha.db'}"


async def settle(folder: Path, tasks: int) -> list[str]:
    """A town with some tasks; their numbers."""
    database, now = Database(address(folder)), datetime.now(ZONE)
    async with database.write() as session:
        ids = await settle_town(session, now)
        supervisor = await session.get_one(Person, ids["赵主管"])
        item, area = (await session.scalars(select(Item))).one(), await session.get_one(Area, "330782")
        wish = plans.NewTask(item.id, area.code, Decimal(20), now.date(), now.date() + timedelta(weeks=4))
        numbers = [(await plans.create_task(session, wish, supervisor, now)).number for _ in range(tasks)]
    await database.close()
    return numbers


async def witness(folder: Path, sequence: int) -> None:
    """Both witnesses have their say, as they would in the chat."""
    database, now = Database(address(folder)), datetime.now(ZONE)
    async with database.write() as session:
        draw = (await session.scalars(select(Draw).where(Draw.sequence == sequence))).one()
        for one in draw.witnesses:
            await draws.contribute(session, draw, one.person, f"{one.name}的话", now)
    await database.close()


async def rows(folder: Path, query: Any) -> list[Any]:
    database = Database(address(folder))
    async with database.read() as session:
        found = list(await session.scalars(query))
    await database.close()
    return found


def answer(folder: Path, *words: str, code: int = 0) -> Any:
    """What `python -m bot draw … --json` prints."""
    done = bot(folder, "draw", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


async def test_from_the_commitment_to_an_accepted_bundle(folder: Path) -> None:
    task, other = await settle(folder, 2)
    committed = answer(folder, "commit", task, *WITNESSES, "--by", SUPERVISOR)
    assert committed | {"commitment": ""} == {
        "sequence": 1, "task": task, "state": "committed", "commitment": "",
        "witnesses": ["义乌市消防救援大队", "金华市生态环境局义乌分局"],
    }  # fmt: skip
    assert answer(folder, "run", task, code=1)["refused"] == "draws.not_ready"
    assert answer(folder, "export", "1", str(folder / "committed"))["files"] == ["commitment.json"]
    await witness(folder, 1)
    drawn = answer(folder, "run", task)
    visits = await rows(folder, select(Visit))
    assert (drawn["state"], drawn["visits"], drawn["seats"]) == ("sealed", len(visits), 2 * len(visits))
    sealed = answer(folder, "export", "1", str(folder / "sealed"))
    assert sealed["files"] == ["commitment.json", "sealed.json"]
    seal = json.loads((folder / "sealed" / "sealed.json").read_bytes())
    assert (seal["commitment"], seal["outcome"]) == (committed["commitment"], drawn["outcome"])
    assert answer(folder, "open", "1", code=1)["refused"] == "draws.unreleased"
    released = answer(folder, "release", task, "--per-week", "5")
    assert released | {"last": ""} == {
        "sequence": 1, "task": task, "state": "sealed", "visits": len(visits), "released": len(visits), "per_week": 5,
        "last": "",
    }  # fmt: skip
    assert answer(folder, "release", task, code=1)["refused"] == "draws.not_sealed"
    assert answer(folder, "open", "1")["state"] == "opened"
    bundle = folder / "bundle"
    exported = answer(folder, "export", "1", str(bundle))
    assert {"certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv"} < set(exported["files"])
    accepted = bot(folder, "verify", str(bundle), "--json")
    assert json.loads(accepted.stdout) == {"accepted": True, "problem": ""}
    full = bot(folder, "draw", "export", "1", str(bundle))
    assert (full.returncode, "请换一个空文件夹" in full.stderr) == (2, True), full.stderr
    journal = await rows(folder, select(JournalEntry.verb).where(JournalEntry.noun == "draw").order_by(JournalEntry.id))
    assert [verb for verb in journal if verb != "contribute"] == ["commit", "draw", "release", "open"]

    assert answer(folder, "commit", other, *WITNESSES)["sequence"] == 2
    voided = answer(folder, "void", other, "--reason", "范围写错了")
    assert (voided["state"], voided["reason"]) == ("void", "范围写错了")
    assert answer(folder, "export", "2", str(folder / "void"))["files"] == ["commitment.json", "previous.json"]
    listed = answer(folder, "list")["draws"]
    assert [(one["sequence"], one["state"], one["reason"]) for one in listed] == [
        (2, "void", "范围写错了"),
        (1, "opened", ""),
    ]
    spoken = bot(folder, "draw", "list")
    assert spoken.returncode == 0
    assert [line.split("　")[1] for line in spoken.stdout.splitlines()] == ["已作废", "已公开"]
    found = answer(folder, "audit")
    assert (found["draws"], found["alarms"], found["unlisted"]) == (1, [], 0)
    assert found["pooled"]["area"]["groups"][0]["observed"] == len(visits)
    spoken = bot(folder, "draw", "audit")
    assert spoken.returncode == 0
    assert "✓ 没有发现偏差。" in spoken.stdout
    assert not any(name in spoken.stdout for name in ("张伟", "李娜", "王强", "面馆"))


@pytest.mark.patient
async def test_what_is_refused_is_said_in_words(folder: Path) -> None:
    (task,) = await settle(folder, 1)
    refused = [
        (("commit", "330782000000001001", *WITNESSES), "cli.draw.unknown_task"),
        (("commit", task, "--witness", LIAISONS[0]), "draws.two_witnesses"),
        (("commit", task, *WITNESSES, "--by", INSPECTOR), "cli.draw.not_supervisor"),
        (("run", "7"), "cli.draw.unknown"),
        (("void", "1", "--reason", " "), "reason_needed"),
        (("export", "99999999999999999999", str(folder / "out")), "cli.draw.unknown"),
    ]
    for words, code in refused:
        told = answer(folder, *words, code=1)
        assert told["refused"] == code
        assert told["message"]
    spoken = bot(folder, "draw", "run", "7")
    assert (spoken.returncode, spoken.stdout) == (1, "")
    assert spoken.stderr.strip() == "没有这次抽取：7。请写抽取序号或任务编号。"
    assert "还没有抽取。" in bot(folder, "draw", "list").stdout
    assert answer(folder, "audit")["draws"] == 0
    assert "两者选一" in bot(folder, "draw", "commit", task).stderr
    for words in (("commit", task), ("commit", task, "--beacon", *WITNESSES), ("void", "1")):
        assert bot(folder, "draw", *words).returncode == 2
    committed = answer(folder, "commit", task, "--beacon")
    assert committed["round"] == json.loads((await rows(folder, select(Draw.commitment)))[0])["entropy"]["round"]
    assert answer(folder, "run", task, code=1)["refused"] == "draws.no_beacon"


async def test_a_bundle_with_the_commitment_before_it_is_checked_for_the_chain(folder: Path) -> None:
    """Also its order in time: without the one before it nobody could see that the clock was turned back."""
    first, second = await settle(folder, 2)
    answer(folder, "commit", first, *WITNESSES)
    answer(folder, "commit", second, *WITNESSES)
    await witness(folder, 2)
    answer(folder, "run", second)
    answer(folder, "release", second)
    answer(folder, "open", second)
    bundle = folder / "bundle"
    assert "previous.json" in answer(folder, "export", "2", str(bundle))["files"]
    accepted = bot(folder, "verify", str(bundle), "--json")
    assert json.loads(accepted.stdout) == {"accepted": True, "problem": ""}
    previous = json.loads((bundle / "previous.json").read_bytes())
    (bundle / "previous.json").write_bytes(canonical(previous | {"task": "330782000000001001"}))
    other = bot(folder, "verify", str(bundle), "--json")
    assert (other.returncode, json.loads(other.stdout)["problem"]) == (1, "chain: previous")


async def test_a_clock_that_was_turned_back_commits_to_nothing(folder: Path) -> None:
    (task,) = await settle(folder, 1)
    database, later = Database(address(folder)), datetime.now(ZONE) + timedelta(hours=1)
    async with database.write() as session:
        record(session, later, None, "beacon", "draw", 0)
    await database.close()
    for source in (WITNESSES, ["--beacon"]):
        assert answer(folder, "commit", task, *source, code=1)["refused"] == "draws.clock_back"
    spoken = bot(folder, "draw", "commit", task, *WITNESSES)
    assert f"已有的记录却到了 {later:%Y-%m-%d %H:%M:%S}" in "".join(spoken.stderr.split("\n"))
    assert await rows(folder, select(Draw)) == []
