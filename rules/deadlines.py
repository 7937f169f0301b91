"""How long everybody has, in working days, and when nobody is disturbed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

ANSWER_SEAT = 2  # to accept or decline
REVIEW = 3
PUBLICATION = 20  # R3.2.3a
ACCEPT_LEAD = 5
RESOLVE_LEAD = 15
CORRECTION = 10  # proposed for 责令改正; the inspectors may choose another day
REMIND_BEFORE = (3, 1, 0)  # working days before a visit is due

QUIET_FROM = time(22)
QUIET_UNTIL = time(7)
DIGEST_AT = time(8)


def after_quiet_hours(now: datetime) -> datetime:
    """Now, or the next morning if it is night; `now` in the zone of the people."""
    if now.time() >= QUIET_FROM:
        now += timedelta(days=1)
    elif now.time() >= QUIET_UNTIL:
        return now
    return datetime.combine(now.date(), QUIET_UNTIL, now.tzinfo)
