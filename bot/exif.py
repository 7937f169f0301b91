"""What a camera wrote into a picture: when and where, with the mistakes that cameras make."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from rules.positions import Position, position

QUARTER = timedelta(minutes=15)  # every zone's offset is a multiple of it
APART = timedelta(minutes=5)  # a camera's clock and its satellites, at most
YEARS = range(1995, 2100)  # digital cameras that write EXIF


@dataclass(frozen=True)
class Mark:
    """When and where a picture was taken, as it says; a naive moment is in the zone of the people there."""

    taken: datetime | None
    place: Position | None  # WGS-84


def read(picture: Image.Image) -> Mark:
    """The mark of an opened picture; what is missing, broken or nonsense is None."""
    try:
        exif = picture.getexif()
        detail, gps = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    except Exception:
        return Mark(None, None)
    satellites = gps_moment(gps)
    local = moment(detail.get(Base.DateTimeOriginal))
    if local is None:
        return Mark(satellites, gps_position(gps))
    offset = zone(detail.get(Base.OffsetTimeOriginal)) or _deduced(local, satellites)
    return Mark(local.replace(tzinfo=offset) if offset else local, gps_position(gps))


def moment(text: Any) -> datetime | None:
    """`2026:12:08 10:21:00` as a naive moment; None for blanks, zeros and what is none."""
    with suppress(ValueError, TypeError, AttributeError):
        found = datetime.strptime(_text(text)[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (EXIF has the zone elsewhere)
        return found if found.year in YEARS else None
    return None


def zone(text: Any) -> timezone | None:
    """`+08:00` as a zone; None for what is none."""
    with suppress(ValueError, TypeError, AttributeError):
        found = datetime.strptime(_text(text), "%z").utcoffset()
        return timezone(found) if found is not None and abs(found) <= timedelta(hours=14) else None
    return None


def gps_moment(gps: Mapping[int, Any]) -> datetime | None:
    """The satellites' time, in UTC; None without both date and time."""
    with suppress(ValueError, TypeError, AttributeError, OverflowError, ZeroDivisionError, KeyError):
        day = datetime.strptime(_text(gps.get(GPS.GPSDateStamp)), "%Y:%m:%d").replace(tzinfo=UTC)
        hours, minutes, seconds = map(float, gps[GPS.GPSTimeStamp])
        if day.year in YEARS and 0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds <= 60:
            return day + timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return None


def gps_position(gps: Mapping[int, Any]) -> Position | None:
    """Where, in degrees; None if a part is missing or 0/0, or if it is the zero position."""
    latitude = _degrees(gps.get(GPS.GPSLatitude), _text(gps.get(GPS.GPSLatitudeRef)), "NS")
    longitude = _degrees(gps.get(GPS.GPSLongitude), _text(gps.get(GPS.GPSLongitudeRef)), "EW")
    return position(latitude, longitude)


def _degrees(parts: Any, side: str, sides: str) -> float | None:
    """Degrees, minutes and seconds as degrees; 0/0 is not a number, and so is the sum."""
    with suppress(ValueError, TypeError, ZeroDivisionError, OverflowError):
        degrees, minutes, seconds = map(float, parts)
        if side[:1].upper() in sides and side and min(degrees, minutes, seconds) >= 0:
            value = degrees + minutes / 60 + seconds / 3600
            return -value if side[:1].upper() == sides[1] else value
    return None


def _deduced(local: datetime, satellites: datetime | None) -> timezone | None:
    """The zone in which the camera's clock and the satellites agree; None if there is none, or they cannot."""
    if satellites is None:
        return None
    ahead = local.replace(tzinfo=UTC) - satellites
    offset = round(ahead / QUARTER) * QUARTER
    if abs(ahead - offset) <= APART and timedelta(hours=-12) <= offset <= timedelta(hours=14):
        return timezone(offset)
    return None


def _text(value: Any) -> str:
    """A tag's text, without the zeros and blanks that pad it."""
    text = value.decode("ascii", "ignore") if isinstance(value, bytes) else str(value or "")
    return text.strip("\0 ")
