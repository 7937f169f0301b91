"""Says in which area a subject lies, from the words of its address and the digits of its code (GB/T 2260)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_PROVINCES = (  # GB/T 2260, first two digits
    "11北京 12天津 13河北 14山西 15内蒙古 21辽宁 22吉林 23黑龙江 31上海 32江苏 33浙江 34安徽 "
    "35福建 36江西 37山东 41河南 42湖北 43湖南 44广东 45广西 46海南 50重庆 51四川 52贵州 53云南 "
    "54西藏 61陕西 62甘肃 63青海 64宁夏 65新疆"
)
PROVINCES = {word[:2]: word[2:] for word in _PROVINCES.split()}
_STREET = "(?![东南西北中]?[街路巷弄]|大道|大街)"  # 永康街 is a street of another town


class Place(NamedTuple):
    """An area as addresses write it; `parent` is the code of its city, `towns` the names of its townships."""

    code: str
    name: str
    parent: str | None = None
    towns: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Located(NamedTuple):
    """Where a subject lies; `by` is `address` or `code`; `differs` where the code says another county."""

    code: str
    by: str
    differs: bool = False


class Gazetteer:
    """The areas a directory knows, and how to find one."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.code: place for place in places}
        self._cities = {place.parent for place in self._places.values() if place.parent}
        self._names: dict[str, str] = {}
        self._towns: dict[str, set[str]] = {}
        full, bare, cities, provinces = [], [], [], set()
        for place in self._places.values():
            provinces.add(PROVINCES.get(place.code[:2], ""))
            self._names |= dict.fromkeys((place.code, place.name, *place.aliases), place.code)
            for town in place.towns:
                self._towns.setdefault(town, set()).add(place.code)
            short = place.name[:-1] if place.name[-1] in "市县区" and not place.aliases else ""
            if len(short) > 1:
                self._names.setdefault(short, place.code)
            if place.code in self._cities:
                cities.append(short or place.name)
            else:
                full += [place.name, *place.aliases]
                bare += [short] if len(short) > 1 else []
        before = f"(?:中国)?(?:(?:{_any(provinces)})省?)*"
        inside = f"{before}(?:(?:{_any(cities)})市?)*"
        self._head = re.compile(f"{inside}(?:({_any(full)})|({_any(bare)}){_STREET})")
        self._city = re.compile(f"{before}({_any(cities)})")
        self._elsewhere = re.compile(f"{before}([\u4e00-\u9fff]{{2,4}}?市)")
        self._full = re.compile(_any(full))
        self._town = re.compile(_any(self._towns))

    def find(self, words: str) -> str | None:
        """The area that a code or a name means (`330782`, 义乌市, 义乌, 金华市义乌市); None if unknown."""
        exact = self._names.get(words)
        if exact:
            return exact
        head = self._head.match(words)
        if head and head.end() == len(words):
            return self._names[head[1] or head[2]]
        city = self._city.match(words)
        return self._names[city[1]] if city and words[city.end() :] in ("", "市") else None

    def of_code(self, code: str) -> str | None:
        """The area of the authority in digits 3 to 8 of a unified code, else its city; None if unknown."""
        digits = code[2:8]
        if digits in self._places:
            return digits
        city = f"{digits[:4]}00"
        return city if city in self._places else None

    def in_words(self, address: str) -> str | None:
        """The county that an address names clearly, or None.

        Clear is: the county stands first (after province and city); or it is the only one named anywhere; or
        a township is named that only one county has. An address in an unknown city says nothing.
        """
        head = self._head.match(address)
        if head:
            return self._names[head[1] or head[2]]
        other = self._elsewhere.match(address)
        if other and not self._names.get(other[1]):
            return None
        named = {self._names[name] for name in self._full.findall(address)}
        if not named and self._towns:
            towns = [self._towns[town] for town in self._town.findall(address)]
            named = set.intersection(*towns) if towns else set()
        return named.pop() if len(named) == 1 else None

    def of_organ(self, organ: str, area: str) -> str:
        """The area of an organ: the one its full name says, else the area (a code) where its people work."""
        name = self._places[area].name
        if name[:-1] in organ or (name.endswith("开发区") and "开发区" in organ):
            return area  # 金华市公安局婺城分局
        city = self._city.match(organ)
        return self.in_words(organ) or (self._names[city[1]] if city else area)

    def locate(self, address: str, code: str) -> Located | None:
        """Where a subject lies: as its address says where that is clear, else by its code, else its city."""
        authority = self.of_code(code)
        county = self.in_words(address) if address else None
        if county:
            differs = authority is not None and authority != county and authority not in self._cities
            return Located(county, "address", differs)
        if authority:
            return Located(authority, "code")
        city = self._city.match(address)
        return Located(self._names[city[1]], "address") if city else None


def _any(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first; for none: what never fits."""
    ordered = sorted(filter(None, words), key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"
