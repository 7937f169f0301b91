"""What the register tells programs: each answer as a type, which is also its entry in the data dictionary (R1.2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from web.api import Answer, Asked, Day, Listed, Whole


class AskedResults(Asked):
    """Which results."""

    q: Annotated[str, Field(max_length=60)] = ""
    area: Annotated[str, Field(max_length=64)] = ""
    item: Annotated[str, Field(max_length=64)] = ""
    result: Annotated[str, Field(max_length=64)] = ""
    task: Annotated[str, Field(max_length=64)] = ""
    since: Day | None = None
    until: Day | None = None


class ListedResults(AskedResults, Listed):
    """Which results, piece by piece."""


class AskedSubjects(Listed):
    """Which subjects: their names or codes contain each of these words."""

    q: Annotated[str, Field(min_length=1, max_length=60)]
    cursor: Annotated[int, Field(ge=1, le=1000)] | None = None


class AskedId(Asked):
    """One thing by its id."""

    id: Whole


class AskedCode(Asked):
    """One thing by its code."""

    code: Annotated[str, Field(min_length=1, max_length=64)]


class AskedTask(Asked):
    """A task by its number."""

    number: Annotated[str, Field(min_length=1, max_length=24, pattern=r"^[0-9]+$")]


class AskedDraw(Asked):
    """A draw by its number."""

    number: Whole


class SubjectName(Answer):
    """A subject as a result names it."""

    code: str | None
    name: str


class Result(Answer):
    """A line of the register."""

    id: int
    version: int
    corrected: bool
    plan_number: str | None
    plan_name: str | None
    task_number: str
    task_name: str
    type: Literal["directed", "undirected"]
    type_text: str
    organ: str
    checked_on: date
    result: str
    result_text: str
    objection: bool
    published_at: datetime
    subject: SubjectName


class Results(Answer):
    """Results, and where more of them are."""

    results: list[Result]
    next: str | None


class SubjectLine(Answer):
    """A subject that was found."""

    code: str | None
    name: str
    kind: str
    status: str
    area: str
    published_results: int


class Subjects(Answer):
    """Subjects, and where more of them are."""

    subjects: list[SubjectLine]
    next: str | None


class Waiting(Answer):
    """A visit of an opened draw whose result is still to come."""

    draw: int
    task_number: str
    task_name: str
    organ: str


class Subject(Answer):
    """A subject with all that was published about it."""

    code: str
    name: str
    kind: str
    status: str
    area: str
    address: str
    results: list[Result]
    waiting: list[Waiting]


class Task(Answer):
    """A task and how far it is."""

    number: str
    name: str
    organ: str
    area: str
    ratio: float
    starts: date
    ends: date
    visits: int
    done: int


class Tasks(Answer):
    """Tasks, and where more of them are."""

    tasks: list[Task]
    next: str | None


class TaskItem(Answer):
    """An item of a task."""

    code: str
    name: str
    kind: str
    organ: str


class TaskDetails(Task):
    """A task with its items and draws."""

    items: list[TaskItem]
    draws: list[int]


class Draw(Answer):
    """A draw as it stands."""

    number: int
    state: str
    task_number: str
    task_name: str
    organ: str
    area: str
    pool: int
    commitment: str
    committed_at: datetime
    drawn_at: datetime | None
    opened_at: datetime | None
    opens_by: date
    files: list[str]


class Draws(Answer):
    """Draws, the numbers that are missing, and where more of them are."""

    draws: list[Draw]
    missing: list[list[int]]
    next: str | None


class Plan(Answer):
    """A published annual plan."""

    number: str
    edition: int
    year: int
    name: str
    organ: str
    area: str
    filed_with: str
    published_at: datetime
    tasks: int


class Plans(Answer):
    """Plans, and where more of them are."""

    plans: list[Plan]
    next: str | None


class Item(Answer):
    """A version of an inspection item."""

    code: str
    version: int
    name: str
    department: str
    kind: str
    category: str
    basis: str
    subjects: str
    content: str
    method: str
    frequency: str
    requirements: str
    ratio_ceiling: float | None
    valid_from: date
    valid_until: date | None


class Items(Answer):
    """Items, and where more of them are."""

    items: list[Item]
    next: str | None
