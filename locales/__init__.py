"""Every word that a person reads, in their language: keys in the code, words here."""

from __future__ import annotations

import gettext
import io
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

HERE = Path(__file__).parent
LANGUAGES = ("zh_CN", "en")
DAY = {"zh_CN": "M月d日（EEE）", "en": "EEE d MMM"}
DAY_AND_YEAR = {"zh_CN": "y年M月d日", "en": "d MMM y"}
SHORT_DAY = {"zh_CN": "M月d日", "en": "d MMM"}
MONTH = {"zh_CN": "y年M月", "en": "MMMM y"}
MOMENT = {"zh_CN": "M月d日 HH:mm", "en": "d MMM HH:mm"}


class _Missing(gettext.NullTranslations):
    """The end of the line: a key without words is a mistake, never shown to anybody."""

    first: gettext.NullTranslations  # what is asked before

    def gettext(self, message: str) -> str:
        raise KeyError(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.first.gettext(msgid1)  # the same words for any number


class Words:
    """The words of one language. Call it with a key and what goes into the gaps.

    Whatever goes into a gap is escaped; dates and moments are written as people of that language write them, moments
    in the zone of the people.
    """

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self._messages = _catalogue(language)

    def __call__(self, key: str, /, n: int | None = None, **gaps: Any) -> Markup:
        """The words for a key; `n` fills the gap `{n}` and chooses the plural if there is one.

        KeyError if there are no words.
        """
        if n is None and not gaps:
            return _as_they_are(self.language, key)
        if n is not None:
            gaps["n"] = n
        words = self._messages.ngettext(key, key, n) if n is not None else self._messages.gettext(key)
        return Markup(words).format(  # noqa: S704 (our own catalogue; what goes into the gaps is escaped)
            **{name: self._fill(value) for name, value in gaps.items()}
        )

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""
        try:
            self._messages.gettext(key)
        except KeyError:
            return False
        return True

    def day(self, day: date) -> str:
        """A date with its day of the week: 12月18日（周五）."""
        return format_date(day, DAY[self.language], Locale.parse(self.language))

    def full_day(self, day: date) -> str:
        """A date with its year: 2026年12月18日."""
        return format_date(day, DAY_AND_YEAR[self.language], Locale.parse(self.language))

    def short_day(self, day: date) -> str:
        """A date without its year: 12月18日."""
        return format_date(day, SHORT_DAY[self.language], Locale.parse(self.language))

    def month(self, day: date) -> str:
        """A month with its year: 2026年12月."""
        return format_date(day, MONTH[self.language], Locale.parse(self.language))

    def moment(self, moment: datetime) -> str:
        """A moment in the zone of the people: 12月8日 10:21."""
        return format_datetime(moment, MOMENT[self.language], self.zone, Locale.parse(self.language))

    def _fill(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        return value


def files(language: str) -> list[Path]:
    """The catalogues of a language, one a noun."""
    return sorted((HERE / language).glob("*.po"))


def catalogue(path: Path, language: str) -> Catalog:
    """One catalogue, read; a syntax error is raised."""
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in LANGUAGES:
        raise ValueError(f"no words in {language}")
    whole = Catalog(locale=language)
    for path in files(language):
        for message in catalogue(path, language):
            if message.id:  # not its head
                whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    translations, missing = gettext.GNUTranslations(compiled), _Missing()
    translations.add_fallback(missing)
    missing.first = translations
    return translations


@cache
def _as_they_are(language: str, key: str) -> Markup:
    """Words without gaps."""
    return Markup(_catalogue(language).gettext(key)).format()  # noqa: S704 (our own catalogue)
