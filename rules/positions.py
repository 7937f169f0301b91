"""How far apart two places are, though China's maps and a phone's satellites do not agree where anything is."""

from __future__ import annotations

from math import asin, cos, isfinite, pi, radians, sin, sqrt

Position = tuple[float, float]  # latitude and longitude in degrees

EARTH = 6_371_008.8  # metres; mean radius R1 of the GRS 80 ellipsoid (IUGG)

# GCJ-02 is not published. The formula is the one that everybody uses: googollee/eviltransform and wandergis/
# coordtransform on GitHub (both MIT), which agree to centimetres. Its ellipsoid is Krasovsky's of 1940:
AXIS = 6_378_245.0  # metres
ECCENTRICITY = 0.00669342162296594323  # squared; 1 - (1 - 1/298.3)²


def position(latitude: float | None, longitude: float | None) -> Position | None:
    """A place on earth, in degrees; None if it is none, or exactly 0°, 0°: what cameras write that do not know."""
    if latitude is None or longitude is None or not (isfinite(latitude) and isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or latitude == longitude == 0:
        return None
    return latitude, longitude


def in_china(place: Position) -> bool:
    """Whether maps are shifted there: the box of eviltransform. Some land of neighbours lies in it, and is shifted."""
    return 0.8293 <= place[0] <= 55.8271 and 72.004 <= place[1] <= 137.8347


def shifted(place: Position) -> Position:
    """A WGS-84 position (EXIF, a phone) as Chinese maps and directories have it (GCJ-02); abroad the same."""
    if not in_china(place):
        return place
    latitude, longitude = place
    x, y = longitude - 105, latitude - 35
    short = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (short + 20 * sin(y * pi) + 40 * sin(y / 3 * pi) + 160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (short + 20 * sin(x * pi) + 40 * sin(x / 3 * pi) + 150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    angle = radians(latitude)
    magic = 1 - ECCENTRICITY * sin(angle) ** 2
    north *= 180 / (AXIS * (1 - ECCENTRICITY) / (magic * sqrt(magic)) * pi)
    east *= 180 / (AXIS / sqrt(magic) * cos(angle) * pi)
    return latitude + north, longitude + east


def metres(one: Position, other: Position) -> float:
    """The way between two positions of the same datum over a round earth (haversine); within 0.6 % of the real one."""
    north, east = radians(other[0] - one[0]), radians(other[1] - one[1])
    half = sin(north / 2) ** 2 + cos(radians(one[0])) * cos(radians(other[0])) * sin(east / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))


def metres_from_subject(taken: Position | None, subject: Position | None) -> int | None:
    """How far from a subject something was, in whole metres; None where either place is unknown.

    `taken` is WGS-84, as EXIF and phones have it. `subject` is GCJ-02: the directory of subjects takes its positions
    from Chinese maps (高德, 腾讯; 坐标), and the map link of a visit's card gives them to one as they are.
    """
    return None if taken is None or subject is None else round(metres(shifted(taken), subject))
