from collections.abc import AsyncIterator

import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from simulator import Phone, Telegram


def bot_of(telegram: Telegram) -> Bot:
    return Bot(
        telegram.token,
        base_url=telegram.api_url,
        base_file_url=telegram.file_url,
        request=HTTPXRequest(connection_pool_size=8),
        get_updates_request=HTTPXRequest(),
    )


@pytest.fixture(autouse=True)
def _durations_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as running:
        yield running


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with bot_of(telegram) as running:
        yield running


@pytest.fixture
async def phone(telegram: Telegram) -> Phone:
    person = telegram.phone("张伟", user_id=1001)
    await person.says("/start")
    return person
