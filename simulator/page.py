"""Phones on a web page, so that a person can try the bot with mouse or finger."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import web

from .api import read_params
from .errors import ApiError, Json
from .files import Upload
from .page_view import message_json, phone_json
from .person import decode_qr
from .phone import Phone
from .speaker import Sent
from .updates import LOOPBACK
from .world import World

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
GATHER = 0.03
HEARTBEAT = 15.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serves the phones and does on them what the browser asks for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.closing = False
        self.phones: list[Phone] = []
        self.titles: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.places: list[tuple[str, float, float]] = []
        self.heading = ""

    def show(
        self,
        phones: Sequence[Phone],
        titles: Sequence[str],
        links: Sequence[tuple[str, str]],
        heading: str,
        places: Sequence[tuple[str, float, float]] = (),
    ) -> None:
        """Chooses the phones, their titles and the links above them."""
        self.phones = list(phones)
        self.titles = [*titles, *("" for _ in phones[len(titles) :])]
        self.links, self.heading, self.places = list(links), heading, list(places)
        self.world.changed()

    def install(self, app: web.Application) -> None:
        """Adds the routes."""
        actions = {
            "say": self.say,
            "press": self.press,
            "photo": self.photo,
            "file": self.file,
            "position": self.position,
            "voice": self.voice,
            "scan": self.scan,
            "open": self.open,
        }
        app.add_routes([web.get(path, self._guard(self.index)) for path in ("/", "/phones", "/phones/")])
        app.add_routes(
            [
                web.get("/phones/static/{name}", self._guard(self.static)),
                web.get("/phones/events", self._guard(self.events)),
                web.get("/phones/media/{unique}", self._guard(self.media)),
                *(web.post(f"/phones/{{phone:\\d+}}/{name}", self._guard(do)) for name, do in actions.items()),
            ]
        )

    def _guard(self, handler: Handler) -> Handler:
        """Lets only pages of this very server in, asked for by a loopback name."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
                raise web.HTTPForbidden(text="loopback only")
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none") and (
                request.method != "GET" or request.path.startswith("/phones/")
            ):
                raise web.HTTPForbidden(text="same origin only")
            if request.method == "POST" and request.headers.get("Origin") != f"http://{request.host}":
                raise web.HTTPForbidden(text="same origin only")
            try:
                answer = await handler(request)
            except (ApiError, AssertionError) as error:
                answer = web.json_response({"error": str(error).splitlines()[0]}, status=400)
            if not answer.prepared:
                answer.headers.update(HEADERS)
            return answer

        return guarded

    # --- what the browser loads

    async def index(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        return web.Response(body=(STATIC / "index.html").read_bytes(), content_type="text/html", charset="utf-8")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Its styles and scripts."""
        path = STATIC / request.match_info["name"]
        if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")

    async def media(self, request: web.Request) -> web.StreamResponse:
        """A picture or a file of a chat."""
        file = self.world.files.unique(request.match_info["unique"])
        if file is None:
            raise web.HTTPNotFound
        inline = file.mime in ("image/jpeg", "image/png", "image/webp", "image/gif")
        kind = "inline" if inline else "attachment"
        answer = web.Response(
            body=self.world.files.read(file), content_type=file.mime if inline else "application/octet-stream"
        )
        answer.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(file.name)}"
        return answer

    def _state(self, since: int, sent: str) -> tuple[Json, str]:
        """What changed after a revision, and a mark of everything that is not a message."""
        frame = {
            "heading": self.heading,
            "bot": self.world.bot_json(),
            "links": self.links,
            "places": self.places,
            "phones": [phone_json(p, title) for p, title in zip(self.phones, self.titles, strict=True)],
        }
        shown = {phone.chat.id for phone in self.phones}
        posts = [p for c in shown for p in self.world.posts.get(c, {}).values() if p.revision > since]
        posts.sort(key=lambda post: (post.chat_id, post.id))
        body: Json = {"messages": [message_json(self.world, post) for post in posts]}
        toasts = [t for t in self.world.toasts if t["revision"] > since and t["user"] in shown]
        body["toasts"] = toasts if since else []
        mark = json.dumps(frame, ensure_ascii=False)
        return (body | {"frame": frame} if mark != sent else body), mark

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Everything at first, then whatever changes, as server-sent events."""
        answer = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        since, mark = 0, ""
        try:
            while not self.closing:
                changes = self.world.changes
                body, frame = self._state(since, mark)
                if not mark or body["messages"] or body["toasts"] or frame != mark:
                    data = json.dumps(body | ({} if mark else {"fresh": True}), ensure_ascii=False)
                    since, mark = self.world.revision, frame
                    await answer.write(f"data: {data}\n\n".encode())
                if await self.world.moved(changes, HEARTBEAT):
                    await asyncio.sleep(GATHER)
                else:
                    await answer.write(b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            pass
        return answer

    # --- what the person does

    def _phone(self, request: web.Request) -> Phone:
        for phone in self.phones:
            if str(phone.user.id) == request.match_info["phone"]:
                return phone
        raise web.HTTPNotFound

    def _opened(self, result: Sent | str) -> web.Response:
        return web.json_response({"url": result} if isinstance(result, str) else {"sent": int(result)})

    async def say(self, request: web.Request) -> web.StreamResponse:
        """Sends a text."""
        return self._opened(await self._phone(request).says(str((await read_params(request))["text"])))

    async def press(self, request: web.Request) -> web.StreamResponse:
        """Presses an inline button, as it was on the screen when it was pressed."""
        phone, values = self._phone(request), await read_params(request)
        self.world.say_line(phone.chat.id, f"> {phone.name}", f"[按 {values['label']}]")
        await phone.taps(int(values["message"]), str(values["data"]))
        return web.json_response({"query": str(self.world.last_query)})

    async def photo(self, request: web.Request) -> web.StreamResponse:
        """Sends a picture as a photo."""
        phone, values = self._phone(request), await read_params(request)
        return self._opened(await phone.sends_photo(_upload(values).data, str(values.get("caption", ""))))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Sends a file."""
        phone, values = self._phone(request), await read_params(request)
        upload = _upload(values)
        return self._opened(await phone.sends_file(upload.data, upload.name, str(values.get("caption", ""))))

    async def position(self, request: web.Request) -> web.StreamResponse:
        """Shares a position."""
        values = await read_params(request)
        return self._opened(await self._phone(request).shares_position(float(values["lat"]), float(values["lng"])))

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """Sends a voice message without sound."""
        return self._opened(await self._phone(request).sends_voice())

    async def scan(self, request: web.Request) -> web.StreamResponse:
        """Scans a picture from any of the phones, or one from the person's disk."""
        phone, values = self._phone(request), await read_params(request)
        if isinstance(values.get("file"), Upload):
            data = values["file"].data
        else:
            stored = self.world.files.unique(str(values.get("picture")))
            if stored is None:
                raise web.HTTPNotFound
            data = self.world.files.read(stored)
        try:
            text = await asyncio.to_thread(decode_qr, data)
        except (OSError, ValueError):
            text = None
        if text is None:
            return web.json_response({"error": "no code"}, status=400)
        self.world.say_line(phone.chat.id, f"> {phone.name}", f"[扫一扫] {text}")
        return self._opened(await phone.opens(text))

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Opens a link."""
        return self._opened(await self._phone(request).opens(str((await read_params(request))["url"])))


def _upload(values: Json) -> Upload:
    if not isinstance(values.get("file"), Upload):
        raise web.HTTPBadRequest(text="no file")
    upload: Upload = values["file"]
    return upload
