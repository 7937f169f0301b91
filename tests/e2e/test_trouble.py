"""The real process in trouble: Telegram is away when it starts, it is killed while it sends, its token is wrong."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest
from sqlalchemy import select

from models.mail import Inbox, Outbox
from simulator import Fault, Telegram
from tests.e2e.judge import is_well, told
from tests.e2e.test_kill import prepared
from tests.e2e.town import TOKEN, Process, people_of

SECRET = TOKEN.partition(":")[2]


async def test_it_starts_when_telegram_does_and_its_logs_hold_no_token(tmp_path: Path) -> None:
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path, {"LOG_LEVEL": "DEBUG"})
        await prepared(process)
        phones = people_of(telegram)
        telegram.fail(
            Fault.server_error(method="getMe"),
            Fault.drop_before(method="getMe"),
            Fault.server_error(502, method="deleteWebhook"),
            Fault.too_many(retry_after=1, method="setMyCommands"),
            Fault.server_error(method="getUpdates"),
            Fault.drop_after(method="getUpdates"),
            Fault.server_error(method="sendMessage", times=2),
            Fault.drop_before(method="sendMessage"),
            Fault.bad_request(method="sendMessage"),
        )
        await process.start()
        try:
            await process.ready()
            supervisor = phones["赵主管"]
            for _ in range(3):
                await supervisor.says("/start")
                await supervisor.settles()
            await supervisor.sees("赵主管 ·")
        finally:
            code = await process.stop()
        assert code == 0
        for heard in ("Telegram does not answer yet", "cannot fetch updates", "Telegram refused a"):
            assert heard in process.logs, process.logs[-3000:]
        assert SECRET not in process.logs


async def test_a_notice_that_was_being_sent_when_the_power_went_comes_right_after_the_start(tmp_path: Path) -> None:
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path)
        await prepared(process)
        phones = people_of(telegram)
        telegram.fail(Fault.delay(4, method="sendMessage", times=None))
        await process.start()
        await process.ready()
        for _ in range(100):
            async with process.look() as session:
                leased = list(await session.scalars(select(Outbox).where(Outbox.leased_until.is_not(None))))
            if leased:
                break
            await asyncio.sleep(0.05)
        assert leased
        await process.kill()
        telegram.heal()
        await process.start()
        try:
            for name in ("张伟", "李娜", "王强"):
                if any(notice.chat_id == phones[name].user_id for notice in leased):
                    await phones[name].sees("您被抽中检查")
            await told(process.look)
        finally:
            await process.stop()
        for name in ("张伟", "李娜", "王强"):
            seen = [one for one in phones[name].messages if "您被抽中检查" in one.text]
            assert len(seen) <= 2


async def test_a_wrong_token_ends_the_process_without_being_told_to_anybody(tmp_path: Path) -> None:
    wrong = "987654321:AAH-wrong_but_secret_all_the_same"
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path, {"BOT_TOKEN": wrong})
        await process.start()
        assert process.process
        try:
            await asyncio.to_thread(process.process.join, 20)
            assert process.process.exitcode == 1
        finally:
            await process.stop()
        assert "rejected by the server" in process.logs
        assert wrong.partition(":")[2] not in process.logs


@pytest.mark.patient
async def test_while_the_disk_is_full_updates_wait_and_nothing_is_lost(tmp_path: Path) -> None:
    """No file of the process may grow (RLIMIT_FSIZE), as on a full disk; then there is room again."""
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path)
        await prepared(process)
        phone = people_of(telegram)["赵主管"]
        await process.start()
        try:
            await process.ready()
            await phone.says("/start")
            await phone.sees("赵主管 ·")
            assert process.process
            assert process.process.pid
            _, most = resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (0, most))
            await phone.says("/help")
            await asyncio.sleep(2)
            await phone.sees_nothing_new(0.1)
            assert telegram.pending  # it was not acknowledged, because it could not be kept
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (most, most))
            await phone.sees("怎么用")
            await phone.settles()
        finally:
            code = await process.stop()
        assert code == 0
        await is_well(process)


@pytest.mark.patient
async def test_what_waited_for_a_day_and_jumps_of_the_clock_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The process is down while people write; it comes back a day ahead, and then with its clock put right again."""
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path)
        await prepared(process)
        phones = people_of(telegram)
        many = 300
        for number in range(many):
            phone = phones[("张伟", "李娜", "王强", "赵主管")[number % 4]]
            await phone.says(("/start", "/help", "/tasks")[number % 3])
        for ahead in ("86400", "0"):
            process.variables["CLOCK_AHEAD"] = ahead
            await process.start()
            await process.ready()
            await phones["李娜"].says("/help")
            await phones["李娜"].sees("怎么用")
            for phone in phones.values():
                await phone.settles(quiet=1)
            assert await process.stop() == 0
        async with process.look() as session:
            rows = list(await session.scalars(select(Inbox)))
        assert len(rows) == many + 2
        assert not [row for row in rows if row.done_at is None or row.error or row.replies]
        await is_well(process, "future", "clock")  # the doctor says that a clock was ahead, if the journal does
        with capsys.disabled():
            print(f"\n{len(rows)} updates of a day and of two clocks: all handled once")
