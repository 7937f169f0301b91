"""The Bot API over HTTP: reads a call in any form that Telegram takes, lets it fail where it should."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from . import editing, sending, settings
from .errors import ApiError, Json, bad
from .faults import Fault, Faults, Limits
from .files import MAX_DOWNLOAD_BYTES, Upload
from .strict import check
from .world import World

Method = Callable[[World, Json], Awaitable[Any]]
METHODS: dict[str, Method] = {**sending.METHODS, **editing.METHODS, **settings.METHODS}
MAX_REQUEST = 60 * 1024 * 1024
KEPT_CALLS = 20_000


@dataclass(frozen=True)
class Call:
    """One call of the bot, for assertions."""

    method: str
    params: Json
    result: Any
    error: str | None
    at: float


async def _multipart(request: web.Request) -> Json:
    values: Json = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            raise bad("wrong multipart/form-data")
        data = bytes(await part.read())
        if part.filename is not None:
            values[part.name] = Upload(part.filename, data, part.headers.get("Content-Type", ""))
        else:
            values[part.name] = data.decode()
    return values


async def read_params(request: web.Request) -> Json:
    """Parameters from the address, a form, a JSON body or multipart/form-data."""
    values: Json = dict(request.query)
    if request.content_type == "multipart/form-data":
        return values | await _multipart(request)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            raise bad("can't parse request: wrong JSON") from None
        if not isinstance(body, dict):
            raise bad("can't parse request: JSON object expected")
        return values | body
    if request.can_read_body:
        values |= {name: str(value) for name, value in (await request.post()).items()}
    return values


class Api:
    """Answers the bot."""

    def __init__(self, world: World, faults: Faults, limits: Limits | None) -> None:
        self.world = world
        self.faults = faults
        self.limits = limits
        self.calls: list[Call] = []

    def routes(self) -> list[web.RouteDef]:
        """Where the bot calls."""
        return [
            web.route("*", "/bot{token}/{method}", self.answer),
            web.get("/file/bot{token}/{path:.+}", self.download),
        ]

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _refuse(self, error: ApiError) -> web.Response:
        return web.json_response(error.as_json(), status=error.code)

    def _token(self, token: str) -> None:
        if not token.partition(":")[0].isdigit() or ":" not in token:
            raise ApiError(404, "Not Found")
        if token != self.world.token:
            raise ApiError(401, "Unauthorized")

    def _chat(self, params: Json) -> int | None:
        if "callback_query_id" in params:
            query = self.world.queries.get(str(params["callback_query_id"]))
            return query.chat_id if query else None
        try:
            return int(params.get("chat_id", ""))
        except (TypeError, ValueError):
            return None

    async def answer(self, request: web.Request) -> web.Response:
        """One call."""
        method = request.match_info["method"]
        params: Json = {}
        if self.world.updates.down:
            return self._drop(request)
        try:
            self._token(request.match_info["token"])
            params = await read_params(request)
            struck = self.faults.strike(method, self._chat(params))
            for fault in struck:
                if fault.kind == "delay":
                    await asyncio.sleep(fault.seconds)
            result, dropped = await self._run(method, params, struck)
            if dropped or self.world.updates.down:
                return self._drop(request)
            return web.json_response({"ok": True, "result": result})
        except ApiError as error:
            self._log(method, params, None, error.description)
            return self._refuse(error)

    async def _run(self, method: str, params: Json, struck: list[Fault]) -> tuple[Any, bool]:
        for fault in struck:
            if fault.kind == "drop_before":
                self._log(method, params, None, "dropped before acceptance")
                return None, True
            if refusal := fault.refusal():
                raise refusal
        checked = check(method, params)
        if self.limits:
            messages = len(checked["media"]) if isinstance(checked.get("media"), list) else 1
            now = asyncio.get_running_loop().time()
            self.limits.check(method, self._chat(params), now, messages)
        result = await METHODS[method](self.world, checked)
        if any(fault.kind == "drop_after" for fault in struck):
            self._log(method, params, result, "dropped after acceptance")
            return result, True
        self._log(method, params, result, None)
        return result, False

    def _log(self, method: str, params: Json, result: Any, error: str | None) -> None:
        if method == "getUpdates" and not result and not error:
            return
        self.calls.append(Call(method, params, result, error, self.world.now()))
        if len(self.calls) > KEPT_CALLS:
            del self.calls[: KEPT_CALLS // 2]

    async def download(self, request: web.Request) -> web.Response:
        """The bytes of a file."""
        if self.world.updates.down:
            return self._drop(request)
        try:
            self._token(request.match_info["token"])
            file = self.world.files.at(request.match_info["path"])
            if file is None:
                raise ApiError(404, "Not Found")
            if file.size > MAX_DOWNLOAD_BYTES:
                raise bad("file is too big")
        except ApiError as error:
            return self._refuse(error)
        return web.Response(body=self.world.files.read(file), content_type="application/octet-stream")
