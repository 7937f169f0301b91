"""A subject's credit in the chat: `/credit`, its card with class and reasons, its history, and the lists (R1.3)."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select

from actions import credit_lists, credit_news, credit_records, extracts
from actions.calendars import official
from actions.credit_class import in_force, may_see, of_area
from handlers.buttons import button
from handlers.turn import Rows, Turn
from locales import Words
from models.credit import Commitment, CreditClass, CreditEvent, KeyReason, ListEntry, Punishment, RiskWarning
from models.subjects import Subject
from rules import credit as rules
from rules.refusal import Refusal

PAGE = 5  # lines of a list


async def start(turn: Turn) -> None:
    """`/credit`: what waits to be decided, how long the lists are; with words, one subject."""
    _, _, words = turn.text.partition(" ")
    await (search(turn, words) if words.strip() else overview(turn))


async def overview(turn: Turn, _: Any = None) -> None:
    """Credit in the area of one's organ."""
    words, organ = turn.words, _organ(turn)
    figures = await credit_news.figures(turn.session, organ, turn.today)
    lines = [words("credit.title", area=organ.area.name)]
    rows: Rows = []
    if "supervisor" in turn.person.roles:
        waiting = await credit_lists.waiting(turn.session, organ.id)
        if waiting:
            lines.append(words("credit.waiting", len(waiting), due=until(words, waiting[0].decide_by, turn.today)))
            rows.append([button(words, "credit_waiting")])
    lines.append(words("credit.figures", **figures))
    news = await credit_news.news(turn.session, organ, turn.today)
    told = [words("credit.news_one", topic=words(f"credit.topic.{one}"), number=number) for one, number in news.items()]
    if told:
        lines.append(words("credit.news", news=words("dot").join(told)))
    lines.append(words("credit.search"))
    rows.append([button(words, "credit_listed", number, 0, label=f"button.credit_list.{one}")
                 for number, one in enumerate(rules.LISTS)])  # fmt: skip
    rows.append([button(words, "credit_joint", 0)])
    if {"supervisor", "liaison"} & set(turn.person.roles):
        rows[-1].append(button(words, "credit_topics"))
    rows.append([button(words, "me", label="button.back")])
    await turn.show("credit", Markup("\n").join(lines), rows)


def _organ(turn: Turn) -> Any:
    if not set(turn.person.roles) - {"expert"}:
        raise Refusal("credit.staff_only")
    return turn.person.organ


async def search(turn: Turn, typed: str) -> None:
    """A name, a part of one, or a code was typed."""
    words = turn.words
    found = await credit_records.find(turn.session, typed, _organ(turn))
    if len(found) == 1:
        await card(turn, found[0])
        return
    rows = [[button(words, "credit", one.id, label="button.item", name=one.name)] for one in found]
    rows.append([button(words, "credit_all", label="button.back")])
    key = "credit.which" if found else "credit.nobody"
    await turn.show("credit", words(key, words=typed.strip()), rows)


async def load(turn: Turn) -> Subject:
    """The subject that a button speaks of, for those who may see its credit."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, subject_id: int) -> Subject:
    """A subject. Refused to whom it does not concern."""
    subject = await turn.session.get(Subject, subject_id)
    if subject is None:
        raise Refusal("gone")
    await may_see(turn.session, subject, turn.person)
    return subject


async def card(turn: Turn, subject: Subject, head: Markup | None = None) -> None:
    """Class, what moved it last, why it is a key subject, lists and punishments, promises and warnings."""
    words, session = turn.words, turn.session
    present = await session.scalar(
        select(CreditClass).where(CreditClass.subject_id == subject.id, CreditClass.ended_at.is_(None))
    )
    entries = list(
        await session.scalars(select(ListEntry).where(ListEntry.subject_id == subject.id, ListEntry.left_on.is_(None)))
    )
    lines = [head] if head else []
    lines.append(words("credit.card", name=subject.name, grade=grade_of(words, subject.credit_class)))
    if present and present.grade != present.base:
        lines.append(words("credit.moved", day=_day(turn, present.began_at), why=why(words, present.why)))
    lines += await _reasons(turn, subject)
    lines += [_entry(words, one) for one in entries]
    lines.append(words("credit.counts", **await _counts(turn, subject)))
    rows: Rows = [
        [button(words, "extract", subject.id), button(words, "credit_history", subject.id, 0)],
        [button(words, "credit_promises", subject.id), button(words, "credit_punished", subject.id)],
    ]
    rows += [
        [button(words, "credit_leave", one.id, label="button.credit_leave", list=words(f"credit.list.{one.list}"))]
        for one in entries
    ]
    rows.append([button(words, "credit_all", label="button.back")])
    await turn.show(f"credit:{subject.id}", Markup("\n").join(lines), rows)


async def _reasons(turn: Turn, subject: Subject) -> list[Markup]:
    """Each flag with its reason: the cause by rule, else the directory."""
    words = turn.words
    query = select(KeyReason).where(KeyReason.subject_id == subject.id, KeyReason.ended_at.is_(None))
    causes = {one.flag: words(f"credit.cause.{one.cause}", number=one.number) for one in
              await turn.session.scalars(query)}  # fmt: skip
    told = []
    for flag in subject.flags:
        name = words(f"stratum.{flag}") if words.has(f"stratum.{flag}") else flag
        told.append(words("credit.key_one", flag=name, cause=causes.get(flag) or words("credit.cause.directory")))
    return [words("credit.key", reasons=words("comma").join(told))] if told else []


def _entry(words: Words, entry: ListEntry) -> Markup:
    return words(
        "credit.entry",
        list=words(f"credit.list.{entry.list}"),
        day=words.full_day(entry.entered_on),
        ground=ground(words, entry.ground),
    )


async def _counts(turn: Turn, subject: Subject) -> dict[str, int]:
    counts = {
        "promises": select(func.count()).where(Commitment.subject_id == subject.id),
        "warnings": select(func.count()).where(RiskWarning.subject_id == subject.id),
        "punishments": select(func.count()).where(Punishment.subject_id == subject.id, in_force(turn.today)),
    }
    return {name: await turn.session.scalar(query) or 0 for name, query in counts.items()}


async def history(turn: Turn, subject: Subject) -> None:
    """`信用记录`: what happened and how the class moved, the latest first."""
    words, page = turn.words, turn.args[1]
    events = [
        (one.on, 0, words("credit.event", day=words.full_day(one.on), what=why(words, one.code),
                          points=f"{one.points:+d}") if one.annulled_on is None else
         words("credit.event_annulled", day=words.full_day(one.on), what=why(words, one.code)))
        for one in await turn.session.scalars(
            select(CreditEvent).where(CreditEvent.subject_id == subject.id).order_by(CreditEvent.id)
        )
    ]  # fmt: skip
    classes = list(
        await turn.session.scalars(
            select(CreditClass).where(CreditClass.subject_id == subject.id).order_by(CreditClass.id)
        )
    )
    moves, before = [], classes[0].base if classes else ""
    for one in classes:
        if one.grade != before:
            day = _day(turn, one.began_at)
            line = words("credit.move", day=words.full_day(day), before=grade_of(words, before),
                         after=grade_of(words, one.grade), why=why(words, one.why))  # fmt: skip
            moves.append((day, 1, line))
        before = one.grade
    by_day = sorted(events + moves, key=lambda one: one[:2])  # of one day, first what happened, then what it moved
    lines = [line for _, _, line in reversed(by_day)]
    shown = lines[page * PAGE : (page + 1) * PAGE] or [words("credit.no_history")]
    head = words("credit.history", name=subject.name, grade=grade_of(words, subject.credit_class))
    rows = [pages(words, page, len(lines), "credit_history", subject.id)]
    rows.append([button(words, "credit", subject.id, label="button.back")])
    await turn.show(f"credit:{subject.id}", Markup("\n").join([head, *shown]), [row for row in rows if row])


async def extract(turn: Turn, subject: Subject) -> None:
    """`信用宝`: the clean-record extract as PDF, with the page on which a bank checks it (R3.3.2d)."""
    made = await extracts.ask(turn.session, subject, turn.person, turn.now)
    link = f"{turn.house.public_url}/extracts/{made.token}"
    caption = turn.words("extract.caption", name=subject.name)
    turn.send_paper("extract", made.id, caption, [[(str(turn.words("button.extract_page")), link)]])


async def listed(turn: Turn, _: Any) -> None:
    """`经营异常`, `严重违法`: who stands on a list in one's area."""
    words, number, page = turn.words, turn.args[0], turn.args[1]
    if number >= len(rules.LISTS):
        raise Refusal("gone")
    name = rules.LISTS[number]
    organ = _organ(turn)
    total = (await credit_news.figures(turn.session, organ, turn.today))[name]
    query = (
        select(ListEntry)
        .join(Subject, Subject.id == ListEntry.subject_id)
        .where(of_area(organ), ListEntry.list == name, ListEntry.left_on.is_(None))
        .order_by(ListEntry.entered_on.desc(), ListEntry.id.desc())
        .offset(page * PAGE)
        .limit(PAGE)
    )
    lines = [words(f"credit.listed.{name}", total)]
    rows: Rows = []
    for one in await turn.session.scalars(query):
        day = words.full_day(one.entered_on)
        lines.append(words("credit.listed_line", name=one.subject.name, day=day, ground=ground(words, one.ground)))
        rows.append([button(words, "credit", one.subject_id, label="button.item", name=one.subject.name)])
    rows.append(pages(words, page, total, "credit_listed", number))
    rows.append([button(words, "credit_all", label="button.back")])
    await turn.show("credit", Markup("\n").join(lines), [row for row in rows if row])


async def joint(turn: Turn, _: Any) -> None:
    """`联合惩戒`: who is under joint punishment in one's area, by whom, and until when."""
    words, page = turn.words, turn.args[0]
    organ = _organ(turn)
    total = (await credit_news.figures(turn.session, organ, turn.today))["joint"]
    lines = [words("credit.joint", total)]
    rows: Rows = []
    for one in await credit_records.joint_list(turn.session, organ, turn.today, PAGE, page * PAGE):
        lines.append(
            words("credit.joint_line", name=one.subject.name, kind=words(f"credit.punishment.{one.kind}"),
                  organ=one.organ.name, ends=words.full_day(one.ends))
        )  # fmt: skip
        rows.append([button(words, "credit", one.subject_id, label="button.item", name=one.subject.name)])
    rows.append(pages(words, page, total, "credit_joint"))
    rows.append([button(words, "credit_all", label="button.back")])
    await turn.show("credit", Markup("\n").join(lines), [row for row in rows if row])


async def topics(turn: Turn, _: Any = None) -> None:
    """`订阅`: what one's department hears of in its digest."""
    words, organ = turn.words, _organ(turn)
    held = await credit_news.topics(turn.session, organ)
    buttons = [
        button(words, "credit_topic", number, int(topic not in held),
               label="button.credit_on" if topic in held else "button.credit_off", topic=words(f"credit.topic.{topic}"))
        for number, topic in enumerate(rules.TOPICS)
    ]  # fmt: skip
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    rows.append([button(words, "credit_all", label="button.back")])
    await turn.show("credit", words("credit.topics", organ=organ.name, n=len(held)), rows)


async def topic(turn: Turn, _: Any) -> None:
    """One topic is chosen, or dropped."""
    number, wanted = turn.args[0], bool(turn.args[1])
    if number >= len(rules.TOPICS):
        raise Refusal("gone")
    await credit_news.subscribe(turn.session, rules.TOPICS[number], turn.person, turn.now, wanted=wanted)
    await topics(turn)


def pages(words: Words, page: int, total: int, verb: str, *ids: int) -> list[tuple[str, str]]:
    """The buttons to the pages before and after this one."""
    row = []
    if page:
        row.append(button(words, verb, *ids, page - 1, label="button.newer"))
    if (page + 1) * PAGE < total:
        row.append(button(words, verb, *ids, page + 1, label="button.older"))
    return row


def until(words: Words, day: date, today: date) -> Markup:
    """A deadline with what is left of it."""
    left = official().between(today, day)
    if left < 0:
        return words("credit.overdue", -left, day=day)
    return words("credit.until", left, day=day) if left else words("credit.until_today")


def why(words: Words, code: str) -> Markup:
    """What an event, or the cause of a new class, is called."""
    noun, _, rest = code.partition(".")
    if noun in ("result", "outcome"):
        return words(f"{noun}.{rest}")
    return words(f"credit.punishment.{rest}" if noun == "punishment" else f"credit.why.{code}")


def ground(words: Words, code: str) -> Markup:
    """Why somebody stands on a list: a result of the register, or a rule."""
    return words(f"result.{code}" if code in rules.GROUNDS else f"credit.ground.{code}")


def grade_of(words: Words, grade: str) -> str:
    """A class, or that there is none yet."""
    return grade or str(words("credit.unrated"))


def _day(turn: Turn, moment: Any) -> date:
    day: date = moment.astimezone(turn.house.zone).date()
    return day
