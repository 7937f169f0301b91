"""Annual plans in the chat: the list, a plan's card, and its way from draft to public (R3.2.1a, R3.2.1c)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy import and_, or_, select

from actions import annual, drafts
from handlers import plans as task_cards
from handlers.buttons import button, leaf
from handlers.plans import percent
from handlers.telling import Message, Render, Telling
from handlers.turn import NOTHING, Button, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.plans import Plan, PlannedItem, PlannedTask
from rules.plans import Breach
from rules.refusal import Refusal

LISTED = 6  # plans in the list
SHOWN = 3  # tasks on a plan's card
REASONS = 20  # what is wrong with a plan, on one card


async def entry(turn: Turn) -> None:
    """`/plans`: supervisors see their tasks first, with the way to the plans; everybody else has only plans."""
    await (task_cards.listed(turn) if "supervisor" in turn.person.roles else listed(turn))


async def listed(turn: Turn, _: Any = None) -> None:
    """`年度计划`: what waits for one's approval, one's own organ's plans and those one takes part in."""
    words, person = turn.words, turn.person
    waiting = await annual.waiting_for(turn.session, person)
    taking_part = (
        select(PlannedTask.plan_id)
        .join(PlannedItem, PlannedItem.planned_id == PlannedTask.id)
        .where(PlannedItem.organ_id == person.organ_id)
    )
    partner = and_(Plan.id.in_(taking_part), Plan.state == "published")
    query = (
        select(Plan)
        .where(or_(Plan.organ_id == person.organ_id, Plan.drafted_by == person.id, partner))
        .where(Plan.state != "superseded")
        .order_by(Plan.year.desc(), Plan.id.desc())
    )
    found = list({one.id: one for one in (*waiting, *await turn.session.scalars(query))}.values())
    shown, more = leaf(words, found, "annual", page=turn.args[0] if turn.args else 0, size=LISTED)
    plans = [one for _, one in shown]
    lines = [words("plans.title") if plans else words("plans.none")]
    lines += [words("plans.line", name=one.name, state=_state(words, one)) for one in plans]
    rows: Rows = [[button(words, "plan", one.id, name=one.name)] for one in plans]
    rows += more
    if annual.may_draft(person.organ_id, person):
        rows.append([button(words, "new_plan")])
    if "supervisor" in person.roles:
        rows.append([button(words, "plans")])
    rows.append([button(words, "me")])
    await turn.show("plans", Markup("\n").join(lines), rows)


async def load(turn: Turn) -> Plan:
    """The plan that a button speaks of, locked, for those whose business it is."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, plan_id: int) -> Plan:
    """A plan, locked for this turn. Refused to whom it does not concern."""
    plan = await turn.session.scalar(select(Plan).where(Plan.id == plan_id).with_for_update(of=Plan))
    if plan is None or not await annual.may_see(turn.session, plan, turn.person):
        raise Refusal("gone")
    return plan


async def show(turn: Turn, plan: Plan, head: Markup = NOTHING) -> None:
    """The plan's card, with what this person can do; `head` is a line that goes before."""
    turn.give_up()
    words, person, ids, v = turn.words, turn.person, (plan.id,), plan.version
    mine = plan.drafted_by == person.id or annual.may_draft(plan.organ_id, person)
    rows: Rows = []
    if plan.state == "draft" and mine:
        rows.append([button(words, "plan_submit", *ids, version=v), button(words, "plan_add", *ids)])
    elif plan.state == "submitted" and person.id in {
        one.id for one in await annual.deciders(turn.session, plan, plan.stage)
    }:
        rows.append(_decisions(words, plan))
    elif plan.state == "submitted" and mine:
        rows.append([button(words, "plan_take_back", *ids, version=v)])
    elif plan.state == "approved" and mine:
        rows.append([button(words, "plan_publish", *ids, version=v)])
    if plan.state in ("approved", "published") and mine and plan.filed_at is None:
        rows.append([button(words, "plan_file", *ids)])
    if plan.state == "published" and mine:
        rows.append([button(words, "plan_change", *ids)])
    if plan.state == "published":
        rows.append([(str(words("button.plan_page")), f"{turn.house.public_url}/plans/{plan.number}")])
    if plan.tasks:
        rows.append([button(words, "plan_tasks", *ids)])
    if plan.state == "draft" and mine:
        rows.append([button(words, "plan_discard", *ids)])
    rows.append([button(words, "annual", label="button.back")])
    text = describe(words, plan)
    await turn.show(f"plan:{plan.id}", Markup("\n").join([head, text] if head else [text]), rows)


def describe(words: Words, plan: Plan) -> Markup:
    """What the plan is, whose, with whom, and where it stands."""
    lines = [
        words("plan.head", name=plan.name, state=_state(words, plan)),
        words("plan.number", number=plan.number, edition=plan.edition, organ=plan.organ.name),
    ]
    if plan.change:
        lines.append(words("plan.change", reason=brief(plan.change)))
    if plan.rejected:
        lines.append(words("plan.rejected", reason=brief(plan.rejected)))
    lines += [line(words, task) for task in plan.tasks[:SHOWN]] or [words("plan.empty")]
    if len(plan.tasks) > SHOWN:
        lines.append(words("plan.more_tasks", len(plan.tasks) - SHOWN))
    if plan.joint:
        names = {organ.name: None for task in plan.tasks for organ in task.organs[1:]}
        lines.append(words("plan.joint", names=words("and").join(names)))
    if plan.state in ("submitted", "approved"):
        lines += _approvals(words, plan)
    if plan.state == "published" and plan.published_at:
        lines.append(words("plan.published", at=plan.published_at))
    if plan.filed_at:
        lines.append(words("plan.filed", where=plan.filed_with, at=plan.filed_at))
    elif plan.state in ("approved", "published"):
        lines.append(words("plan.not_filed"))
    return Markup("\n").join(lines)


def line(words: Words, task: PlannedTask) -> Markup:
    """A planned task in a line."""
    share = percent(task.ratio)
    return words("plan.task", number=task.number, name=task.name, percent=share, starts=task.starts, ends=task.ends)


def _approvals(words: Words, plan: Plan) -> list[Markup]:
    """Who has approved since the plan was submitted last."""
    since = [one for one in plan.decisions if plan.submitted_at and one.at >= plan.submitted_at]
    return [
        words("plan.decided", stage=words(f"plan.stage.{one.stage}"), name=one.person.name, at=one.at)
        for one in since
        if one.approved
    ]


def _state(words: Words, plan: Plan) -> Markup:
    stage = words(f"plan.stage.{plan.stage}") if plan.stage else ""
    return words(f"plan.state.{plan.state}", stage=stage)


def _decisions(words: Words, plan: Plan) -> list[Button]:
    ids, v = (plan.id,), plan.version
    return [button(words, "plan_approve", *ids, version=v), button(words, "plan_reject", *ids, version=v)]


async def submit(turn: Turn, plan: Plan) -> None:
    """`提交`: to the first of the chain; or everything that is wrong with it, at once."""
    annual.check_drafter(plan, turn.person)
    if plan.state == "draft" and (found := await annual.faults(turn.session, plan, turn.person)):
        await show(turn, plan, breaches(turn.words, found))
        return
    await annual.submit(turn.session, plan, turn.person, turn.now)
    await show(turn, plan)


def breaches(words: Words, found: list[Breach]) -> Markup:
    """All that is wrong with a plan, a line each."""
    lines = [words("plan.breaches", len(found))]
    for one in found[:REASONS]:
        reason = words(f"refusal.plans.{one.code}", **one.gaps)
        lines.append(words("plan.breach" if one.task else "plan.breach_plan", number=one.task, reason=reason))
    if len(found) > REASONS:
        lines.append(words("plan.breaches_more", len(found) - REASONS))
    return Markup("\n").join(lines)


async def take_back(turn: Turn, plan: Plan) -> None:
    """`撤回`: a draft again."""
    await annual.take_back(turn.session, plan, turn.person, turn.now)
    await show(turn, plan)


async def approve(turn: Turn, plan: Plan) -> None:
    """`批准`."""
    await annual.approve(turn.session, plan, turn.person, turn.now)
    await show(turn, plan)


async def ask_why_rejected(turn: Turn, plan: Plan) -> None:
    """`驳回`: why?"""
    if turn.person.id not in {one.id for one in await annual.deciders(turn.session, plan, plan.stage)}:
        raise Refusal("plans.not_your_turn")
    turn.wait_for("plan.reject", plan=plan.id)
    await _ask(turn, plan, turn.words("plan.why_rejected"))


async def reject(turn: Turn, plan: int) -> None:
    """The reason was typed."""
    held = await find(turn, plan)
    await annual.reject(turn.session, held, turn.said(), turn.person, turn.now)
    await show(turn, held)


async def publish(turn: Turn, plan: Plan) -> None:
    """`公布`: from now on the public page shows it."""
    await annual.publish(turn.session, plan, turn.person, turn.now)
    await show(turn, plan)


async def ask_where(turn: Turn, plan: Plan) -> None:
    """`备案`: with whom? Usually the government of the level and the department above (R3.2.1c)."""
    annual.check_drafter(plan, turn.person)
    text = turn.words("plan.file_where", where=_usual(turn.words, plan))
    turn.wait_for("plan.file", plan=plan.id)
    await _ask(turn, plan, text, button(turn.words, "plan_file_is", plan.id, version=plan.version))


async def filed(turn: Turn, plan: Plan) -> None:
    """Filed where it usually is."""
    await annual.file(turn.session, plan, str(_usual(turn.words, plan)), turn.person, turn.now)
    await show(turn, plan)


async def filed_with(turn: Turn, plan: int) -> None:
    """With whom was typed."""
    held = await find(turn, plan)
    await annual.file(turn.session, held, turn.said(), turn.person, turn.now)
    await show(turn, held)


def _usual(words: Words, plan: Plan) -> Markup:
    return words("plan.file_with", area=plan.organ.area.name, department=plan.organ.department)


async def ask_why_changed(turn: Turn, plan: Plan) -> None:
    """`变更`: a new edition needs a reason, which will be public."""
    annual.check_drafter(plan, turn.person)
    turn.wait_for("plan.change", plan=plan.id)
    await _ask(turn, plan, turn.words("plan.why_changed"))


async def changed(turn: Turn, plan: int) -> None:
    """The reason was typed: the new edition is a draft."""
    held = await find(turn, plan)
    await show(turn, await drafts.change(turn.session, held, turn.said(), turn.person, turn.now))


async def ask_discard(turn: Turn, plan: Plan) -> None:
    """`删草稿`: really?"""
    annual.check_drafter(plan, turn.person)
    words = turn.words
    yes = button(words, "plan_discard_yes", plan.id, version=plan.version)
    back = button(words, "plan", plan.id, label="button.back")
    await turn.show(f"plan:{plan.id}", words("plan.really_discard", name=plan.name), [[yes, back]])


async def discard(turn: Turn, plan: Plan) -> None:
    """The draft is gone."""
    await drafts.discard(turn.session, plan, turn.person, turn.now)
    rows: Rows = [[button(turn.words, "annual", label="button.back")]]
    await turn.show(f"plan:{plan.id}", turn.words("plan.discarded"), rows)


async def _ask(turn: Turn, plan: Plan, text: Markup, *first: Button) -> None:
    rows = [[*first, button(turn.words, "plan", plan.id, label="button.back")]]
    await turn.show(f"plan:{plan.id}", text, rows)


async def told_to_decide(tell: Telling) -> Message | None:
    """Who is to approve gets the card with the two answers."""
    plan = await tell.session.get_one(Plan, tell.params["plan"])
    if plan.state != "submitted":
        return None
    if tell.person.id not in {one.id for one in await annual.deciders(tell.session, plan, plan.stage)}:
        return None
    text = Markup("\n").join([tell.words("plan.to_decide"), describe(tell.words, plan)])
    rows = [_decisions(tell.words, plan), [button(tell.words, "plan_tasks", plan.id)]]
    return Message(text, rows, f"plan:{plan.id}")


def told(key: str, state: str) -> Render:
    """A line over the plan's card, as long as the plan is in that state."""

    async def worded(tell: Telling) -> Message | None:
        plan = await tell.session.get(Plan, tell.params["plan"])
        if plan is None or plan.state != state:
            return None
        text = Markup("\n").join([tell.words(key), describe(tell.words, plan)])
        return Message(text, [[button(tell.words, "plan", plan.id, label="button.see_plan")]])

    return worded
