"""Reads a PDF as anybody's program does, and a record as one would have been frozen."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader

HASH = "a41f09bc" * 8
ADDRESS = "https://suicha.example/records/AbCdEfGhIjKlMnOpQrStUvWx"


def text_of(pdf: bytes) -> str:
    """All text without any white space: where lines break depends on the width of a cell."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


def tight(text: str) -> str:
    return "".join(text.split())


def pages(pdf: bytes) -> list[str]:
    return [tight(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def content(points: int = 5, note: str = "", **changed: Any) -> dict[str, Any]:
    """A record's content; with a note each fourth point failed for that reason."""
    person = {"organ": "义乌市市场监督管理局", "department": "市场监管", "mode": "own", "arrived_metres": 14}
    at = "2026-12-08T02:01:00+00:00"
    failed = [number for number in range(1, points + 1) if note and number % 4 == 0]
    return {
        "form": 1,
        "version": 1,
        "number": "330782202612011001-00012",
        "task": {"number": "330782202612011001", "name": "2026年餐饮抽查", "organ": "义乌市市场监督管理局"},
        "draw": 12,
        "origin": "random",
        "subject": {
            "name": "义乌市稠城老街面馆",
            "code": "92330782MA2E000015",
            "kind": "individual",
            "area": "义乌市",
            "address": "稠城街道工人西路12号",
            "contact": "陈老板",
        },
        "items": [
            {"code": "a", "name": "餐饮服务食品安全检查", "department": "市场监管", "kind": "general",
             "basis": "《食品安全法》第一百一十条", "result": "correction" if note else "", "disposal": ""}
        ],
        "inspectors": [
            person | {"name": name, "certificate": certificate, "arrived_at": at, "signed_at": at}
            for name, certificate in (("张伟", "浙G330700021"), ("李娜", "浙G330700022"))
        ],
        "helpers": [],
        "method": "on_site",
        "method_note": "",
        "alone_because": "",
        "materials": {},
        "started_at": at,
        "submitted_at": at,
        "points": [
            {"number": number, "item": 0, "text": f"要点{number}", "key": number == 1, "reading": "",
             "answer": "no" if number in failed else "yes", "note": note if number in failed else "",
             "from": None, "who": "张伟", "when": at}
            for number in range(1, points + 1)
        ],
        "evidence": [
            {"number": place, "point": number, "kind": "photo", "name": "", "sha256": HASH, "size": 1,
             "taken_at": at, "metres": 14, "grade": "", "seen_before": False, "by": "张伟", "at": at}
            for place, number in enumerate(failed, 1)
        ],
        "result": "correction" if note else "clean",
        "correct_by": "2026-12-22" if note else None,
        "statement": "",
        "signing": {},
        "amendments": [],
        "earlier": [],
    } | changed  # fmt: skip
