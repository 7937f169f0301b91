"""The addresses for programs, one declaration each, and who finds the answers (R1.2)."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from aiohttp import web

from actions import register, register_draws, register_lists, register_results, register_tasks
from web import downloads, facts, query, statistics
from web.api import FRESH, PREFIX, Call, Download, Endpoint, Listed, document, words
from web.downloads import result_fact, wanted
from web.draws import Shown, files_of, shown
from web.site import SITE


async def results(call: Call, asked: facts.ListedResults) -> facts.Results:
    """Published results, newest first."""
    found = await register_results.found_results(call.session, wanted(asked), asked.limit + 1, asked.cursor)
    lines = [result_fact(one, call.words) for one in found[: asked.limit]]
    return facts.Results(results=lines, next=call.next(lines[-1].id if len(found) > asked.limit else None))


async def result(call: Call, asked: facts.AskedId) -> facts.Result | None:
    """One result in its latest version."""
    found = await register_results.one_result(call.session, asked.id)
    return result_fact(found, call.words) if found else None


async def subjects(call: Call, asked: facts.AskedSubjects) -> facts.Subjects:
    """Subjects by part of a name or a code; `cursor` is how many were seen."""
    skip = asked.cursor or 0
    found = await register.find_subjects(call.session, query.clean(asked.q), asked.limit + 1, skip)
    lines = [
        facts.SubjectLine(
            code=one.code or None,
            name=one.name,
            kind=one.kind,
            status=one.status,
            area=one.area,
            published_results=one.results,
        )
        for one in found[: asked.limit]
    ]
    seen = skip + asked.limit
    more = len(found) > asked.limit and seen <= 1000
    return facts.Subjects(subjects=lines, next=call.next(seen if more else None))


async def subject(call: Call, asked: facts.AskedCode) -> facts.Subject | None:
    """A subject with all that was published about it."""
    if query.clean(asked.code) != asked.code:
        return None
    found = await register.history(call.session, asked.code)
    if found is None:
        return None
    about = found.subject
    return facts.Subject(
        code=about.code,
        name=about.name,
        kind=about.kind,
        status=about.status,
        area=about.area,
        address=about.address,
        results=[result_fact(one, call.words) for one in found.results],
        waiting=[facts.Waiting(**one._asdict()) for one in found.waiting],
    )


def _task(one: register_tasks.PublicTask) -> dict[str, Any]:
    return one._asdict() | {"ratio": float(one.ratio)}


async def tasks(call: Call, asked: Listed) -> facts.Tasks:
    """Tasks, the newest first."""
    found = await register_tasks.tasks(call.session, asked.limit + 1, asked.cursor)
    more = found[asked.limit - 1].id if len(found) > asked.limit else None
    return facts.Tasks(tasks=[facts.Task(**_task(one)) for one in found[: asked.limit]], next=call.next(more))


async def task(call: Call, asked: facts.AskedTask) -> facts.TaskDetails | None:
    """A task with its items and draws."""
    found = await register_tasks.task(call.session, asked.number)
    if found is None:
        return None
    items = [facts.TaskItem(**one._asdict()) for one in found.items]
    return facts.TaskDetails(**_task(found.task), items=items, draws=[one.sequence for one in found.draws])


def _draw(line: Shown) -> facts.Draw:
    one = line.draw
    return facts.Draw(
        number=one.sequence,
        state=line.state,
        task_number=one.task_number,
        task_name=one.task_name,
        organ=one.organ,
        area=one.area,
        pool=line.committed["pool"]["size"],
        commitment=sha256(one.commitment).hexdigest(),
        committed_at=one.committed_at,
        drawn_at=one.drawn_at,
        opened_at=one.opened_at,
        opens_by=line.opens,
        files=[f"/draws/{one.sequence}/{name}" for name in files_of(line)],
    )


async def draws(call: Call, asked: Listed) -> facts.Draws:
    """Draws from the last number down, and the numbers among them that are missing."""
    last = await register_draws.last_sequence(call.session)
    top = min(last, asked.cursor - 1) if asked.cursor else last
    bottom = max(1, top - asked.limit + 1)
    found = await register_draws.draws_between(call.session, bottom, top)
    lines = [_draw(shown(found[number], call.site.today)) for number in range(top, bottom - 1, -1) if number in found]
    gaps = await register_draws.gaps(call.session)
    return facts.Draws(
        draws=lines, missing=[list(gap) for gap in gaps], next=call.next(bottom if bottom > 1 and top > 1 else None)
    )


async def draw(call: Call, asked: facts.AskedDraw) -> facts.Draw | None:
    """One draw."""
    found = await register_draws.draws_between(call.session, asked.number, asked.number)
    return _draw(shown(found[asked.number], call.site.today)) if found else None


async def plans(call: Call, asked: Listed) -> facts.Plans:
    """Published plans, the newest first."""
    found = await register_lists.plans(call.session, asked.limit + 1, asked.cursor)
    more = found[asked.limit - 1].id if len(found) > asked.limit else None
    return facts.Plans(plans=[facts.Plan(**one._asdict()) for one in found[: asked.limit]], next=call.next(more))


async def items(call: Call, asked: Listed) -> facts.Items:
    """All versions of the item list, the newest first."""
    found = await register_lists.items(call.session, asked.limit + 1, asked.cursor)
    more = found[asked.limit - 1].id if len(found) > asked.limit else None
    return facts.Items(items=list(map(facts.Item.model_validate, found[: asked.limit])), next=call.next(more))


ENDPOINTS: tuple[Endpoint | Download, ...] = (
    Endpoint("results", f"{PREFIX}/results", facts.ListedResults, facts.Results, results),
    Endpoint("result", f"{PREFIX}/results/{{id}}", facts.AskedId, facts.Result, result),
    Endpoint("subjects", f"{PREFIX}/subjects", facts.AskedSubjects, facts.Subjects, subjects),
    Endpoint("subject", f"{PREFIX}/subjects/{{code}}", facts.AskedCode, facts.Subject, subject),
    Endpoint("plans", f"{PREFIX}/plans", Listed, facts.Plans, plans),
    Endpoint("items", f"{PREFIX}/items", Listed, facts.Items, items),
    Endpoint("tasks", f"{PREFIX}/tasks", Listed, facts.Tasks, tasks),
    Endpoint("task", f"{PREFIX}/tasks/{{number}}", facts.AskedTask, facts.TaskDetails, task),
    Endpoint("draws", f"{PREFIX}/draws", Listed, facts.Draws, draws),
    Endpoint("draw", f"{PREFIX}/draws/{{number}}", facts.AskedDraw, facts.Draw, draw),
    statistics.ENDPOINT,
    *downloads.DOWNLOADS,
)


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI document of all these addresses."""
    made = document(request.app[SITE], words(request), ENDPOINTS)
    body = json.dumps(made, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": FRESH})
