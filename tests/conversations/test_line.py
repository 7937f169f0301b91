"""The line to Telegram keeps what PTB promises of a request: forms and files as they are, and errors by their kind."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from telegram.error import NetworkError, TimedOut
from telegram.request import RequestData

from bot.line import Line
from bot.settings import Settings
from tests.conversations.conftest import Clock, free_port, town_running


@asynccontextmanager
async def served(handler: object) -> AsyncIterator[str]:
    """A server on loopback that answers every request with a handler; its address."""
    site = web.Server(handler)  # type: ignore[arg-type]
    runner = web.ServerRunner(site, shutdown_timeout=0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def lined(connections: int = 4, patience: float = 5) -> AsyncIterator[Line]:
    line = Line(connections, patience)
    await line.initialize()
    try:
        yield line
    finally:
        await line.shutdown()


def parameters(**values: object) -> RequestData:
    from telegram.request._requestparameter import RequestParameter

    return RequestData([RequestParameter.from_input(name, value) for name, value in values.items()])


async def test_a_form_and_a_file_arrive_as_they_are() -> None:
    from telegram import InputFile

    seen: dict[str, object] = {}

    async def take(request: web.BaseRequest) -> web.Response:
        for name, value in (await request.post()).items():
            seen[name] = (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
        return web.json_response({"ok": True, "result": {}})

    async with served(take) as address, lined() as line:
        await line.post(f"{address}/say", parameters(chat_id=5, text="后厨 & 前厅 + 100%", more={"a": [1]}))
        assert seen == {"chat_id": "5", "text": "后厨 & 前厅 + 100%", "more": '{"a": [1]}'}
        seen.clear()
        record = InputFile(b"%PDF", filename='检查记录"一".pdf')
        await line.post(f"{address}/send", parameters(chat_id=5, document=record, caption="第 1 页"))
        assert seen == {"chat_id": "5", "document": ('检查记录"一".pdf', b"%PDF"), "caption": "第 1 页"}


async def test_an_answer_that_does_not_come_times_out() -> None:
    silent = asyncio.Event()

    async def wait(_: web.BaseRequest) -> web.Response:
        await silent.wait()
        return web.json_response({"ok": True, "result": True})

    async with served(wait) as address, lined() as line:
        with pytest.raises(TimedOut):
            await line.post(address, read_timeout=0.05)
        silent.set()


async def test_a_call_waits_for_a_free_connection_as_long_as_it_was_told_and_is_not_sent_after_that() -> None:
    let_go, taken, arrived = asyncio.Event(), asyncio.Event(), list[str]()

    async def wait(request: web.BaseRequest) -> web.Response:
        arrived.append(request.path)
        taken.set()
        await let_go.wait()
        return web.json_response({"ok": True, "result": True})

    async with served(wait) as address, lined(connections=1, patience=0.05) as line:
        first = asyncio.create_task(line.post(f"{address}/first"))
        await taken.wait()
        with pytest.raises(TimedOut):  # what the line was told
            await line.post(f"{address}/second", connect_timeout=0.05)
        patient = asyncio.create_task(line.post(f"{address}/patient", connect_timeout=0.05, pool_timeout=30))
        with pytest.raises(TimedOut):  # what the call was told
            await line.post(f"{address}/third", connect_timeout=0.05, pool_timeout=0.2)
        assert not patient.done()
        let_go.set()
        assert await first is True
        assert await patient is True
        assert arrived == ["/first", "/patient"]


async def test_where_nobody_answers_it_is_an_error_of_the_network() -> None:
    async def hang_up(request: web.BaseRequest) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with served(hang_up) as address, lined() as line:
        with pytest.raises(NetworkError, match="Disconnected"):
            await line.post(address)
        with pytest.raises(NetworkError, match="Connect"):
            await line.post(f"http://127.0.0.1:{free_port()}")


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    async def pass_on(request: web.BaseRequest) -> web.Response:
        asked.append((str(request.url), request.headers.get("Proxy-Authorization", "")))
        return web.json_response({"ok": True, "result": "passed on"})

    async with served(pass_on) as address:
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.setenv("http_proxy", address)
        async with lined() as line:
            assert await line.post("http://api.example.invalid/getMe") == "passed on"
        with_password = address.replace("//", "//city:secret@")
        monkeypatch.setenv("HTTP_PROXY", with_password)
        monkeypatch.setenv("http_proxy", with_password)
        async with lined() as line:
            assert await line.post("http://api.example.invalid/getMe") == "passed on"
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert await line.post(address) == "passed on"
    url, basic = "http://api.example.invalid/getMe", "Basic Y2l0eTpzZWNyZXQ="
    assert asked == [(url, ""), (url, basic), (f"{address}/", "")]


async def test_a_start_that_fails_leaves_nothing_open(settings: Settings, clock: Clock) -> None:
    """What is left open Python finds when it collects, and the tests take that as an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.port))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with town_running(settings, clock):
                pass
    gc.collect()
