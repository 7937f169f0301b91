"""How the subject signs what was found: on their own phone, on paper, or not at all before a witness."""

from __future__ import annotations

from typing import Any

from actions import results as judged
from actions import subject
from handlers import evidence
from handlers import results as page
from handlers.buttons import button
from handlers.turn import Rows, Turn, whole
from models.visits import Evidence, Visit
from rules.evidence import shows_refusal
from rules.refusal import Refusal


async def scan(turn: Turn, visit: Visit) -> None:
    """`扫码确认`: the visit's code again; behind it now stands what was found, and a form."""
    if set(await judged.problems(turn.session, visit, turn.today)) - {"no_subject_signature"}:
        raise Refusal("subject.not_ready")
    link = f"{turn.house.public_url}/visits/{visit.token}"
    turn.send_qr(link, turn.words("subject.code", name=visit.subject.name, link=link))


async def ask_page(turn: Turn, visit: Visit) -> None:
    """`拍签字页`: a photo of the signed page."""
    await _ask(turn, visit, "page", "subject.ask_page")


async def ask_refused(turn: Turn, visit: Visit) -> None:
    """`拒绝签字`: why, and who saw it."""
    await _ask(turn, visit, "refused", "subject.ask_why")


async def ask_statement(turn: Turn, visit: Visit) -> None:
    """`当事人陈述`: what the subject says to it."""
    await _ask(turn, visit, "statement", "subject.ask_statement")


async def _ask(turn: Turn, visit: Visit, step: str, key: str, **kept: Any) -> None:
    turn.wait_for("visit", visit=visit.id, step=step, **kept)
    rows: Rows = [[button(turn.words, "to_result", visit.id, label="button.back")]]
    await turn.show(page.about(visit), turn.words(key, name=visit.subject.name), rows)


async def got_page(turn: Turn, visit: Visit) -> None:
    """The photo of the page came; words instead are told what is missing."""
    if turn.file is None or turn.file.kind == "position":
        await ask_page(turn, visit)
        return
    kept = await _keep(turn, visit)
    await subject.photographed(turn.session, visit, kept, turn.person, turn.now)
    await page.show(turn, visit, turn.words("subject.page_received"))


async def got_why(turn: Turn, visit: Visit) -> None:
    """The reason of a refusal came: now the witness, or a recording. `理由 见证人 李四` says both."""
    if not turn.text or turn.file:
        await ask_refused(turn, visit)
        return
    await _ask(turn, visit, "witness", "subject.ask_witness", why=turn.said(subject.LONGEST))


async def got_witness(turn: Turn, visit: Visit, why: str) -> None:
    """The witness's name was typed, or a recording came: the refusal is on the record; else it is asked for again."""
    shown = turn.file is not None and shows_refusal(turn.file.kind, turn.file.media)
    recording = (await _keep(turn, visit)).sha256 if shown else ""
    await refuse(turn, visit, why, turn.text, recording)


async def refuse(turn: Turn, visit: Visit, why: str, witness: str, recording: str = "") -> None:
    """The subject refuses to sign; without a witness one is asked for."""
    if not witness and not recording:
        await _ask(turn, visit, "witness", "subject.ask_witness", why=why)
        return
    why = whole(why, subject.LONGEST) if why else ""
    await subject.refused(turn.session, visit, why, witness, recording, turn.person, turn.now)
    await page.show(turn, visit, turn.words("subject.refusal_noted"))


async def got_statement(turn: Turn, visit: Visit, text: str) -> None:
    """What the subject says was typed."""
    if not text:
        await ask_statement(turn, visit)
        return
    await subject.state(turn.session, visit, whole(text, subject.LONGEST), turn.person, turn.now)
    await page.show(turn, visit, turn.words("subject.statement_noted"))


async def _keep(turn: Turn, visit: Visit) -> Evidence:
    """Keep what was sent as evidence of the whole visit; the same bytes only once."""
    assert turn.file
    await evidence.receive(turn, visit, 0)
    digest = await turn.keep(turn.file.data)
    return next(one for one in visit.evidence if one.sha256 == digest)
