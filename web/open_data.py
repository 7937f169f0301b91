"""What of this register programs may take, and what each field means: the data dictionary (R1.2)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from web.api import Download, Endpoint, document
from web.endpoints import ENDPOINTS
from web.feeds import FEEDS
from web.site import SITE, language_of, render


async def page(request: web.Request) -> web.Response:
    """The downloads, the addresses for programs, the feeds, and the dictionary of fields."""
    site = request.app[SITE]
    made = document(site, site.words[language_of(request)], ENDPOINTS)
    schemas = {name: schema for name, schema in made["components"]["schemas"].items() if name not in ("Error", "Wrong")}
    return render(
        request,
        "open_data.html",
        downloads=[one for one in ENDPOINTS if isinstance(one, Download)],
        endpoints=[one for one in ENDPOINTS if isinstance(one, Endpoint)],
        feeds=FEEDS,
        schemas=schemas,
        kind=kind,
    )


def kind(field: dict[str, Any]) -> str:
    """What a field holds, as a word of JSON Schema: `string`, `date`, `Result[]`, `integer or null`."""
    if "anyOf" in field:
        return " | ".join(kind(choice) for choice in field["anyOf"])
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if field.get("type") == "array":
        return f"{kind(field['items'])}[]"
    return str(field.get("format") or field.get("type"))
