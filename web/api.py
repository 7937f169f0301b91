"""What an answer for programs is made of: one declaration an endpoint, from which the OpenAPI document follows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.json_schema import models_json_schema
from sqlalchemy.ext.asyncio import AsyncSession

from locales import Words
from locales.wrong import why
from web.site import LANGUAGE, SITE, Site, as_language

LARGEST = 2**53 - 1
FRESH = "public, max-age=30"
VERSION = "1.0.0"
PREFIX = "/api/v1"
WHOLE = re.compile(r"[1-9][0-9]{0,15}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def digits(given: Any) -> Any:
    """What an address may write as a number: digits alone."""
    if isinstance(given, str) and not WHOLE.fullmatch(given):
        raise ValueError("wrong.whole")
    return given


def _day(given: Any) -> Any:
    if not isinstance(given, str) or not DAY.fullmatch(given):
        raise ValueError("wrong.day")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ValueError("wrong.no_such_day") from None


Whole = Annotated[int, Field(ge=1, le=LARGEST), BeforeValidator(digits)]
Few = Annotated[int, Field(ge=1, le=200), BeforeValidator(digits)]
Day = Annotated[date, BeforeValidator(_day)]


class Asked(BaseModel):
    """What an address may ask; anything else is refused, so that a misspelt filter is not a silent everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Literal["zh-CN", "en"] | None = None


class Listed(Asked):
    """A list, piece by piece."""

    limit: Few = 50
    cursor: Whole | None = None


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Wrong(Answer):
    """A parameter that was not understood."""

    parameter: str
    reason: str


class Error(Answer):
    """Why there is no answer."""

    error: str
    parameters: list[Wrong] = []


@dataclass(frozen=True)
class Call:
    """What an endpoint gets to know beside its parameters."""

    request: web.Request
    site: Site
    session: AsyncSession
    words: Words

    def next(self, last: int | None) -> str | None:
        """The address of what follows an id; None if nothing follows."""
        return str(self.request.rel_url.update_query({"cursor": last})) if last else None


@dataclass(frozen=True)
class Endpoint:
    """One address for programs: what may be asked, what is answered, and who finds it (None: not found)."""

    name: str
    path: str
    asked: type[Asked]
    answer: type[Answer]
    find: Callable[[Call, Any], Awaitable[Answer | None]]
    media: ClassVar[str] = "application/json"

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Read what is asked, answer it, or say which parameter is wrong."""
        asked = understood(request, self.asked)
        if isinstance(asked, web.Response):
            return asked
        site = request.app[SITE]
        async with site.database.read() as session:
            found = await self.find(Call(request, site, session, words(request)), asked)
        if found is None:
            raise web.HTTPNotFound
        return as_json(found)


@dataclass(frozen=True)
class Download:
    """One file: what may be asked, its media type, and who sends it."""

    name: str
    path: str
    asked: type[Asked]
    media: str
    send: Callable[[web.Request, Any], Awaitable[web.StreamResponse]]

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Read what is asked and send the file."""
        asked = understood(request, self.asked)
        return asked if isinstance(asked, web.Response) else await self.send(request, asked)


def words(request: web.Request) -> Words:
    """The language of an answer for programs: asked for in the address, else ours."""
    site = request.app[SITE]
    return site.words[as_language(request.query.get(LANGUAGE, "")) or site.language]


def understood(request: web.Request, model: type[Asked]) -> Asked | web.Response:
    """The parameters of a request, or the refusal that names those that are wrong."""
    given = dict(request.query) | dict(request.match_info)
    try:
        return model.model_validate(given)
    except ValidationError as wrong:
        t = words(request)
        named = [Wrong(parameter=str(one["loc"][0]), reason=why(t, one).unescape()) for one in wrong.errors()]
        return as_json(Error(error="Bad Request", parameters=named), status=400)


def as_json(found: Answer, status: int = 200) -> web.Response:
    """An answer in JSON; what is wrong is kept nowhere."""
    headers = {"Cache-Control": FRESH if status == 200 else "no-store"}
    body = found.model_dump_json().encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def document(site: Site, t: Words, endpoints: Sequence[Endpoint | Download]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these endpoints, its words in one language."""
    answers = {one.answer for one in endpoints if isinstance(one, Endpoint)} | {Error}
    ordered = sorted(answers, key=lambda one: one.__name__)
    _, made = models_json_schema(
        [(one, "serialization") for one in ordered], ref_template="#/components/schemas/{model}"
    )
    schemas = made["$defs"]
    for schema in schemas.values():
        schema.pop("description", None)
        for name, field in schema.get("properties", {}).items():
            field["description"] = str(t(f"data.field.{name}"))
    return {
        "openapi": "3.1.0",
        "info": {"title": str(t("data.title")), "version": VERSION, "description": str(t("data.what"))},
        "servers": [{"url": site.public_url or "/"}],
        "paths": {one.path: {"get": _operation(t, one)} for one in endpoints},
        "components": {"schemas": schemas},
    }


def _operation(t: Words, one: Endpoint | Download) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if isinstance(one, Endpoint):
        schema = {"$ref": f"#/components/schemas/{one.answer.__name__}"}
    headers = {"Cache-Control": {"schema": {"type": "string"}}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    refusals = {"400": "data.refused", "404": "data.not_found", "429": "data.too_often", "default": "data.failed"}
    good = {"description": str(t("data.good")), "headers": headers, "content": {one.media: {"schema": schema}}}
    return {
        "operationId": one.name,
        "summary": str(t(f"data.endpoint.{one.name}")),
        "parameters": list(_parameters(t, one)),
        "responses": {
            "200": good,
            "304": {"description": str(t("data.unchanged"))},
            **{status: {"description": str(t(key)), "content": error} for status, key in refusals.items()},
        },
    }


def _parameters(t: Words, one: Endpoint | Download) -> list[dict[str, Any]]:
    found = []
    declared = one.asked.model_json_schema()
    for name, field in declared["properties"].items():
        schema = {key: value for key, value in field.items() if key not in ("title", "anyOf")}
        if "anyOf" in field:  # or null: left out
            schema |= next(choice for choice in field["anyOf"] if choice.get("type") != "null")
        if schema.get("default", 0) is None or schema.get("default") == "":
            del schema["default"]
        place = "path" if f"{{{name}}}" in one.path else "query"
        said = {"name": name, "in": place, "description": str(t(f"data.asked.{name}")), "schema": schema}
        found.append(said | ({"required": True} if name in declared.get("required", ()) else {}))
    return found
