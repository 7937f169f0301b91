"""A made-up visit to practise on (R4.2): its checklist, and how far somebody is with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules import checklists
from rules.refusal import Refusal
from rules.typed import Answers

POINTS = tuple(map(checklists.kind, ("", "数值 ≤8 ℃", "", "")))  # how each is answered; their words are in `locales`
LAST = len(POINTS)
WORKING_DAYS = 5  # that the made-up visit leaves


@dataclass
class Practice:
    """Answers, words and photos so far, by the number of the point (from 1, as text: that is what JSON keeps)."""

    step: str = "offered"  # accepted, arriving, there
    values: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    photos: list[str] = field(default_factory=list)

    @property
    def open(self) -> int:
        """The first point without an answer, 0 if there is none."""
        return next((number for number in range(1, LAST + 1) if str(number) not in self.values), 0)

    @property
    def failed(self) -> list[int]:
        """The points that do not conform."""
        return sorted(int(number) for number, value in self.values.items() if value == "no")

    @property
    def lacking(self) -> int:
        """The first point that does not conform and lacks words or its photo, 0 if there is none."""
        complete = {number for number in self.photos if self.notes.get(number)}
        return next((number for number in self.failed if str(number) not in complete), 0)

    def answer(self, number: int, value: str, note: str = "") -> None:
        """Answer a point by yes, no or na. Refused if there is no such point, or it wants a figure."""
        self._asks(number)
        if POINTS[number - 1].name == "number":
            raise Refusal("checklists.number", unit=POINTS[number - 1].unit)
        self.values[str(number)] = value
        if note:
            self.notes[str(number)] = note

    def read(self, number: int, text: str) -> None:
        """Enter what was measured. Refused as a real point refuses it."""
        self._asks(number)
        self.values[str(number)] = checklists.read(POINTS[number - 1], text).value

    def answer_all(self, entered: Answers) -> None:
        """`1-3 符合`, `全部符合 除 4`: the open points, but for those that somebody must measure first."""
        for number in entered.numbers or range(1, LAST + 1):
            if entered.numbers:
                self.answer(number, entered.value, entered.note)
            elif number in entered.but:
                self.answer(number, "no")
            elif str(number) not in self.values and checklists.unasked(POINTS[number - 1]):
                self.answer(number, entered.value)

    def forget(self, number: int) -> None:
        """Ask a point again."""
        self.values.pop(str(number), None)
        self.notes.pop(str(number), None)

    def tell(self, number: int, words: str, photo: bool) -> None:
        """Words or a photo about a point that does not conform."""
        if words:
            self.notes[str(number)] = words
        if photo and str(number) not in self.photos:
            self.photos.append(str(number))

    def _asks(self, number: int) -> None:
        if not 1 <= number <= LAST:
            raise Refusal("checklists.no_such_point", number=number, last=LAST)
