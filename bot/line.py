"""The line to Telegram: PTB's calls over aiohttp, which takes a quarter of the time that httpx takes for each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import Bot
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

WAIT = 5.0  # seconds to connect, to send what is no file, and for an answer, where a call says nothing else
FILES_WITHIN = 300.0  # seconds for a call with files as a whole
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


class Line(BaseRequest):
    """Connections that are kept and used again; a proxy is found in the environment (`HTTPS_PROXY`, `NO_PROXY`)."""

    def __init__(self, connections: int, patience: float) -> None:
        self._connections = connections
        self._patience = patience  # seconds that a call waits for a connection to be free
        self._session: aiohttp.ClientSession | None = None
        self._proxy = cache(proxy_for)  # aiohttp would look for it anew for each call, in a thread

    @property
    def read_timeout(self) -> float:
        """Seconds that an answer may take, where a call says nothing else."""
        return WAIT

    async def initialize(self) -> None:
        """Open for calls."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One call: its status and body. TimedOut or NetworkError if there is no answer."""
        assert self._session, "the line is not open"
        connect, read = _or(connect_timeout, WAIT), _or(read_timeout, WAIT)
        free, write = _or(pool_timeout, self._patience), _or(write_timeout, WAIT)
        files = request_data is not None and request_data.contains_files
        whole = FILES_WITHIN if files else sum(part or 0 for part in (connect, read, free, write))
        until_connected = None if free is None or connect is None else free + connect
        limits = aiohttp.ClientTimeout(whole, until_connected, sock_read=read, sock_connect=connect)
        body, headers = _body(request_data)
        to = urlsplit(url)
        more: dict[str, Any] = {"proxy": self._proxy(to.scheme, to.hostname or ""), "allow_redirects": False}
        try:
            call = self._session.request(method, url, data=body, headers=headers, timeout=limits, **more)
            async with call as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Said:
    """What a call says, without files: it goes over the line as JSON, which takes a third of the time of a form."""

    parameters: dict[str, Any]
    contains_files: bool = False


async def call(bot: Bot, method: str, **parameters: Any) -> Any:
    """A method of the Bot API, and its result as it comes; errors are PTB's.

    For what every tap is answered with: what PTB makes of a keyboard, and of the message that comes back, takes longer
    than the rest of the call.
    """
    said = Said({name: one for name, one in parameters.items() if one is not None})
    return await bot.request.post(f"{bot.base_url}/{method}", cast("RequestData", said))


def proxy_for(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for a host."""
    return None if proxy_bypass(host) else getproxies().get(scheme)


def _or(given: Any, usual: float) -> Any:
    return usual if given is BaseRequest.DEFAULT_NONE else given


def _body(data: RequestData | Said | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    """The parameters as a form; with files as multipart, their names as they are."""
    if data is None:
        return None, {}
    if isinstance(data, Said):
        return json.dumps(data.parameters).encode(), JSON
    if not data.contains_files:
        return urlencode(data.json_parameters).encode(), FORM
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media)
    return form, {}
