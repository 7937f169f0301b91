"""A copy of a running installation, put back into an empty one where the campaign goes on; what the doctor finds."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text
from sqlalchemy.pool import NullPool

from actions import chain, doctor
from bot.backup import tables
from bot.evidence import Evidence as Store
from bot.evidence import path_of
from bot.settings import Settings
from models.database import Database
from models.journal import JournalEntry
from models.publication import Publication
from models.visits import Evidence, Visit
from tests import programs
from tests.conftest import POSTGRES
from tests.conversations.conftest import Clock, Town, empty, free_port, town_running
from tests.conversations.test_papers import signed

ROOT = Path(__file__).parents[2]


def bot(folder: Path, *words: str, database: str = "") -> subprocess.CompletedProcess[str]:
    """`python -m bot …` on the installation in a folder."""
    environment = {**os.environ, "DATA_DIR": str(folder), "BOT_TOKEN": "", "DATABASE_URL": database, "EVIDENCE_URL": ""}
    return programs.run(words, environment, within=240)


@pytest.fixture
async def copied(settings: Settings, clock: Clock, tmp_path: Path) -> tuple[Path, dict[str, int]]:
    """A backup that was made while people worked: a signed visit with a photo, a draw, notices, a chained journal."""
    copy = tmp_path / "copy"
    async with town_running(settings, clock) as town:
        await signed(town)
        async with town.app.database.write() as session:
            await chain.extend(session)
            await chain.seal(session, Ed25519PrivateKey.generate(), clock())
        making = asyncio.create_task(asyncio.to_thread(bot, settings.data_dir, "backup", str(copy), "--json"))
        turns = 0
        while not making.done():
            await town["王强"].says("/tasks")
            await town["王强"].sees("待检查")
            turns += 1
        await town["王强"].settles()
        made = await making
        assert (made.returncode, turns > 1) == (0, True), made.stderr
        assert json.loads(made.stdout)["files"] == 1
        ids = town.ids
    return copy, ids


async def findings(database: Database, store: Store, now: Any) -> set[str]:
    async with database.read() as session:
        return {one.code for one in [one async for one in doctor.examine(session, store.as_it_lies, now)]}


async def test_what_was_backed_up_under_load_goes_on_in_an_empty_installation(
    copied: tuple[Path, dict[str, int]], settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    copy, ids = copied
    new = Settings(bot_token="123456:TEST", data_dir=tmp_path / "new", port=free_port())  # type: ignore[arg-type]
    back = await asyncio.to_thread(bot, new.data_dir, "restore", str(copy))
    assert "✓ 已恢复" in back.stdout, back.stderr
    (photo,) = [path for path in (new.data_dir / "evidence").rglob("*") if path.is_file()]
    data = photo.read_bytes()
    photo.unlink()
    again = await asyncio.to_thread(bot, new.data_dir, "restore", str(copy))
    assert (again.returncode, "这里已有数据" in again.stderr) == (1, True)
    assert not photo.exists()  # what is refused changes nothing
    photo.write_bytes(data)
    database = Database(new.database)
    assert await findings(database, Store(new.evidence), clock()) == set()
    await database.close()

    async def nothing(_session: Any, _now: Any) -> dict[str, int]:
        return ids

    async with town_running(new, clock, nothing) as town:
        town.telegram.world.updates.last_id += 1_000_000  # Telegram counts on
        supervisor = town["赵主管"]
        await supervisor.says("/review")
        await supervisor.sees("待审核", button="面馆")
        await supervisor.presses("面馆")
        await supervisor.sees("待审核", button="看照片")
        await supervisor.presses("看照片")
        assert (await supervisor.sees("证据 1 份")).photo
        await supervisor.presses("通过并公示")
        await supervisor.sees("已公示")
        assert len(await town.rows(select(Publication))) == 1


@pytest.mark.postgres
@pytest.mark.skipif(not POSTGRES, reason="TEST_POSTGRES_URL names no PostgreSQL server")
async def test_what_began_on_sqlite_goes_on_in_postgresql(
    copied: tuple[Path, dict[str, int]], settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    copy, _ = copied
    await empty(POSTGRES)
    back = await asyncio.to_thread(bot, tmp_path / "new", "restore", str(copy), "--json", database=POSTGRES)
    assert back.returncode == 0, back.stderr
    manifest = json.loads((copy / "manifest.json").read_text())
    database = Database(POSTGRES, poolclass=NullPool)
    async with database.write() as session:
        for table in tables():
            rows = await session.scalar(select(func.count()).select_from(table))
            assert rows == manifest["tables"][table.name]["rows"], table.name
        session.add(JournalEntry(at=clock(), verb="note", noun="visit", noun_id=1, before={}, after={}))
        await session.flush()  # the next number is free
    store = Store((tmp_path / "new" / "evidence").absolute().as_uri())
    assert await findings(database, store, clock()) == set()
    await database.close()


def flipped() -> bytes:
    """Rows in which the disk has turned over a byte, right behind the head of what is packed."""
    data = bytearray(gzip.compress(b'["330782", "\xe4\xb9\x89"]\n' * 20, mtime=0))
    data[10] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda copy: (copy / "manifest.json").unlink(), "缺 manifest.json"),
        (lambda copy: (copy / "visits.jsonl.gz").unlink(), "缺 visits.jsonl.gz"),
        (lambda copy: (copy / "visits.jsonl.gz").write_bytes(gzip.compress(b"[1]\n")), "备份损坏：visits.jsonl.gz"),
        (lambda copy: (copy / "visits.jsonl.gz").write_bytes(b"no gzip"), "备份损坏：visits.jsonl.gz"),
        (lambda copy: (copy / "areas.jsonl.gz").write_bytes(flipped()), "备份损坏：areas.jsonl.gz"),
        (lambda copy: next((copy / "evidence").glob("*/*/*")).write_bytes(b"else"), "备份损坏"),
        (lambda copy: (copy / "manifest.json").write_text("{}"), "备份损坏"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_restored(
    tmp_path: Path, made: Path, harm: Any, told: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    harm(copy)
    back = bot(tmp_path / "new", "restore", str(copy))
    assert (back.returncode, told in back.stderr, "Traceback" in back.stderr) == (1, True, False), back.stderr
    assert bot(tmp_path / "new", "backup", str(tmp_path / "empty"), "--json").stdout.startswith('{"rows": 0')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup of an installation in which nothing has happened but one file of evidence was kept."""
    folder = tmp_path_factory.mktemp("made")
    assert bot(folder / "data", "backup", str(folder / "copy")).returncode == 0
    data = b"photo"
    digest = hashlib.sha256(data).hexdigest()
    path = folder / "copy" / "evidence" / path_of(digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    manifest = json.loads((folder / "copy" / "manifest.json").read_text())
    manifest["files"] = [digest]
    (folder / "copy" / "manifest.json").write_text(json.dumps(manifest))
    return folder / "copy"


HARM = {
    "inbox": "UPDATE inbox SET done_at = NULL WHERE update_id = (SELECT min(update_id) FROM inbox)",
    "parked": "UPDATE inbox SET error = 'KeyError' WHERE update_id = (SELECT min(update_id) FROM inbox)",
    "unsaid": "UPDATE inbox SET replies = '[{}]' WHERE update_id = (SELECT min(update_id) FROM inbox)",
    "outbox": "UPDATE outbox SET ended_at = NULL, outcome = ''",
    "refused": "UPDATE outbox SET outcome = 'parked'",
    "unreachable": "UPDATE outbox SET outcome = 'unreachable'",
    "nobody": "UPDATE seats SET person_id = NULL",
    "answer_versions": "UPDATE answers SET version = version + 1",
    "no_record": "DELETE FROM records",
    "record": "UPDATE records SET content = '{}'",
    "draw_gap": "UPDATE draws SET sequence = 2",
    "draw_chain": "UPDATE draws SET commitment = "
    "CAST(replace(CAST(commitment AS TEXT), '00000000', '11111111') AS BLOB)",
    "journal": "UPDATE journal SET why = 'else' WHERE id = 1",
    "future": "UPDATE journal SET at = '2030-01-01 00:00:00.000000' WHERE id = 1",
    "no_bytes": f"UPDATE evidence SET sha256 = '{'0' * 64}'",
}


async def test_the_doctor_finds_what_is_broken_and_says_it(settings: Settings, clock: Clock, tmp_path: Path) -> None:
    async with town_running(settings, clock) as town:
        await signed(town)
        async with town.app.database.write() as session:
            await chain.extend(session)
        await _settled(town)
    database, store = Database(settings.database), Store(settings.evidence)
    later = clock() + 2 * doctor.LATE
    assert await findings(database, store, later) == set()
    for told, statement in HARM.items():
        async with database.write() as session:
            for name in await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
                await session.execute(text(f"DROP TRIGGER {name}"))
            await session.execute(text(statement))
            codes = {one.code async for one in doctor.examine(session, store.as_it_lies, later)}
            await session.rollback()
        assert told in codes, told
    async with database.read() as session:
        digest = await session.scalar(select(Evidence.sha256)) or ""
        assert await session.scalar(select(func.count()).select_from(Visit))
    (settings.data_dir / "evidence" / path_of(digest)).write_bytes(b"something else")
    assert await findings(database, store, later) == {"other_bytes"}
    await database.close()
    (settings.data_dir / "evidence" / f"{digest}#1").write_bytes(b"some")  # as a power cut leaves it
    told = await asyncio.to_thread(bot, settings.data_dir, "doctor")
    assert "1 个没写完的文件" in told.stdout
    assert (told.returncode, "证据的文件变了" in told.stdout, "✗ 有" in told.stdout) == (1, True, True), told.stderr


async def test_evidence_that_is_damaged_while_we_work_is_told_and_hinders_nothing(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    """Half of it is left, something else lies there, or nothing: who looks at it, the doctor and a backup say so."""
    async with town_running(settings, clock) as town:
        await signed(town)
        (row,) = await town.rows(select(Evidence))
        path = settings.data_dir / "evidence" / path_of(row.preview or row.sha256)
        whole, supervisor = path.read_bytes(), town["赵主管"]
        await supervisor.says("/review")
        await supervisor.presses("面馆", within=10)
        await supervisor.sees("待审核", button="看照片")
        for number, (left, code) in enumerate(
            (
                (whole[: len(whole) // 2], "other_bytes"),
                (b"<html>", "other_bytes"),
                (b"", "other_bytes"),
                (None, "no_bytes"),
            )
        ):
            path.unlink() if left is None else path.write_bytes(left)
            await supervisor.presses("看照片")
            await supervisor.sees("文件丢失或已损坏")
            assert (await supervisor.sees("证据 1 份")).photo
            assert await wrong(settings.data_dir) == {code}
            copy = tmp_path / f"copy {number}"
            made = await asyncio.to_thread(bot, settings.data_dir, "backup", str(copy))
            assert (made.returncode, "1 个证据文件丢失或已损坏" in made.stderr.replace("\n", "")) == (1, True), (
                made.stderr
            )
        back = await asyncio.to_thread(bot, tmp_path / "new", "restore", str(copy))
        assert back.returncode == 0, back.stderr
        assert await wrong(tmp_path / "new") == {"no_bytes"}
        path.write_bytes(whole)  # fetched from a backup, as the doctor said
        await supervisor.presses("看照片")
        assert (await supervisor.sees("证据 1 份")).photo
        await supervisor.sees_nothing_new()
        await supervisor.presses("通过并公示")
        await supervisor.sees("已公示")
        assert await wrong(settings.data_dir) == set()


async def wrong(folder: Path) -> set[str]:
    """What the doctor finds wrong, but that the town's clock is ahead of ours."""
    told = await asyncio.to_thread(bot, folder, "doctor", "--json")
    return {one["code"] for one in json.loads(told.stdout)["findings"] if one["wrong"]} - {"future"}


async def _settled(town: Town) -> None:
    """All that was said has been written down as said."""
    await town["张伟"].sees_nothing_new()
    await town.app.sender.settle()
