"""Ratings of visits: a slip is signed blind for each visit, and comes back from nobody knows whom (R1.2).

Nothing of it is journalled but the making of keys: a journal has moments, and moments would link what must stay apart.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.database import insert_new
from models.people import Organ
from models.ratings import Rating, RatingKey, RatingSlip
from models.visits import Visit
from rules import blind
from rules.ratings import FEWEST, REASONS, SCORES, quarter
from rules.refusal import Refusal

FINISHED = ("submitted", "published")
ROUNDS = 40  # of Miller and Rabin: a number that passes is no prime with a chance below 4^-40
MESSAGE = 16  # bytes of a slip's message


class Key(NamedTuple):
    """A public key: its number, whose and when it is used, and its modulus in hexadecimal."""

    id: int
    organ: str
    quarter: str
    modulus: str

    @property
    def fingerprint(self) -> str:
        """What people compare: everybody must see the same."""
        return sha256(self.modulus.encode()).hexdigest()[:16]


class Opinion(NamedTuple):
    """What was thought in a quarter: how many ratings, their mean (None: too few to show), how often each reason."""

    ratings: int
    mean: float | None
    reasons: dict[str, int]


def new_key() -> tuple[str, str]:
    """A fresh key, modulus and secret in hexadecimal; takes about a second."""
    while True:
        p, q = _prime(blind.BITS // 2), _prime(blind.BITS // 2)
        around = (p - 1) * (q - 1)
        if p != q and around % blind.EXPONENT and (p * q).bit_length() == blind.BITS:
            return f"{p * q:x}", f"{pow(blind.EXPONENT, -1, around):x}"


def _prime(bits: int) -> int:
    while True:
        found = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if all(found % small for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)) and _passes(found):
            return found


def _passes(number: int) -> bool:
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(ROUNDS):
        x = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


async def organ_of_code(session: AsyncSession, token: str) -> int | None:
    """The organ whose visit can be rated behind a code: finished, and its slip not given yet; None otherwise."""
    visit = await session.scalar(select(Visit).where(Visit.token == token, Visit.state.in_(FINISHED)))
    if visit is None:
        return None
    given: RatingSlip | None = await session.get(RatingSlip, visit.id)
    if given:
        return None
    return visit.task.organ_id


async def key_for(session: AsyncSession, organ_id: int, day: date) -> Key | None:
    """The key of an organ for the quarter of a day."""
    query = _keys().where(RatingKey.organ_id == organ_id, RatingKey.quarter == quarter(day))
    row = (await session.execute(query)).one_or_none()
    return Key._make(row) if row else None


def _keys() -> Select[Any]:
    told = (RatingKey.id, Organ.name, RatingKey.quarter, RatingKey.modulus)
    return select(*told).join(Organ, RatingKey.organ_id == Organ.id)


async def keys(session: AsyncSession) -> list[Key]:
    """All keys, the newest first: published, so that everybody can see that there is one for all."""
    return [Key._make(row) for row in await session.execute(_keys().order_by(RatingKey.id.desc()))]


async def add_key(session: AsyncSession, organ_id: int, key: tuple[str, str], now: datetime) -> None:
    """Keep a fresh key for this quarter, unless another process was quicker."""
    row = {"organ_id": organ_id, "quarter": quarter(now.date()), "modulus": key[0], "secret": key[1]}
    if added := await insert_new(session, RatingKey, [row], "organ_id", "quarter"):
        made = await key_for(session, organ_id, now.date())
        if added and made:
            record(session, now, None, "make", "rating_key", made.id, after={"fingerprint": made.fingerprint})


async def sign(session: AsyncSession, token: str, key_id: int, blinded: int) -> int:
    """Sign the blinded slip of the visit behind a code: once, and the same again if it did not arrive."""
    visit = await session.scalar(select(Visit).where(Visit.token == token).with_for_update(of=Visit))
    key = await session.get(RatingKey, key_id)
    if visit is None or visit.state not in FINISHED or key is None or key.organ_id != visit.task.organ_id:
        raise Refusal("ratings.not_now")
    digest = sha256(f"{key_id}:{blinded:x}".encode()).hexdigest()
    given = await session.get(RatingSlip, visit.id)
    if given and given.blinded != digest:
        raise Refusal("ratings.given")
    try:
        signed = blind.sign(int(key.modulus, 16), int(key.secret, 16), blinded)
    except ValueError:
        raise Refusal("ratings.not_now") from None
    if given is None:
        session.add(RatingSlip(visit_id=visit.id, key_id=key_id, blinded=digest))
    return signed


async def rate(session: AsyncSession, slip: str, score: int, reasons: Iterable[str]) -> None:
    """Rate with a slip as `key.message.signature`; refused if it is not ours or was used."""
    number, _, rest = slip.partition(".")
    message, _, signature = rest.partition(".")
    try:
        key = await session.get(RatingKey, int(number)) if len(number) < 10 else None
        told, signed = bytes.fromhex(message), int(signature, 16)
    except ValueError:
        raise Refusal("ratings.slip") from None
    if key is None or len(told) != MESSAGE or not blind.verify(int(key.modulus, 16), told, signed):
        raise Refusal("ratings.slip")
    if score not in SCORES:
        raise Refusal("ratings.score")
    row = {
        "slip": sha256(told).hexdigest(),
        "key_id": key.id,
        "score": score,
        "reasons": tuple(one for one in REASONS if one in set(reasons)),
    }
    if not await insert_new(session, Rating, [row], "slip"):
        raise Refusal("ratings.used")


async def opinion(session: AsyncSession, quarters: Iterable[str], organs: Iterable[int] | None = None) -> Opinion:
    """What was thought of the visits of some organs, or of all, in these quarters; below `FEWEST` only how many."""
    query = select(Rating.score, Rating.reasons, func.count()).join(RatingKey, Rating.key_id == RatingKey.id)
    query = query.where(RatingKey.quarter.in_(tuple(quarters)))
    if organs is not None:
        query = query.where(RatingKey.organ_id.in_(tuple(organs)))
    rows = (await session.execute(query.group_by(Rating.score, Rating.reasons))).tuples().all()
    whole = sum(number for _, _, number in rows)
    if whole < FEWEST:
        return Opinion(whole, None, {})
    mean = sum(score * number for score, _, number in rows) / whole
    return Opinion(whole, mean, {one: sum(n for _, reasons, n in rows if one in reasons) for one in REASONS})
