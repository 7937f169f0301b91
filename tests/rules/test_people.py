from datetime import date, timedelta

import pytest

from rules import typed
from rules.people import (
    NO_END,
    ROLES,
    STATUSES,
    certificate_valid,
    department_of,
    on_leave,
    role_of_word,
    status_of_word,
)

DAY = date(2026, 12, 18)


@pytest.mark.parametrize(
    ("certificate", "until", "valid"),
    [
        ("浙G0012", DAY, True),
        ("浙G0012", date(2026, 12, 17), False),
        ("浙G0012", NO_END, True),
        ("浙G0012", None, False),
        ("", NO_END, False),
    ],
)
def test_a_certificate_counts_until_its_last_day(certificate: str, until: date | None, valid: bool) -> None:
    assert certificate_valid(certificate, until, DAY) is valid


def test_names_and_codes_of_roles_and_status_mean_the_same() -> None:
    for role, name in ROLES.items():
        assert role_of_word(name) == role_of_word(role) == role
    for status, name in STATUSES.items():
        assert status_of_word(name) == status_of_word(status) == status
    assert role_of_word("厨师") is None
    assert status_of_word("?") is None


@pytest.mark.parametrize(
    ("organ", "department"),
    [
        ("义乌市市场监督管理局", "市场监管"),
        ("义乌市市场监督管理局稠城市场监督管理所", "市场监管"),
        ("东阳市消防救援大队", "消防救援"),
        ("金华市应急管理局", "应急管理"),
        ("金华市生态环境局义乌分局", "生态环境"),
        ("永康市住房和城乡建设局", "住建"),
        ("兰溪市卫生健康局", "卫生健康"),
        ("义乌市文化和广电旅游体育局", "文旅"),
        ("浦江县农业农村局", "农业农村"),
        ("磐安县人力资源和社会保障局", "人社"),
        ("义乌市公安局", "公安"),
        ("金华市公安局婺城分局", "公安"),
        ("武义县交通运输局", "交通"),
        ("义乌市交通运输综合行政执法队", "交通"),
        ("义乌市商务局", "商务"),
        ("国家税务总局义乌市税务局", "税务"),
        ("金东区教育局", "教育"),
        ("义乌市综合行政执法局", "综合执法"),
        ("金华市发展和改革委员会", "发改"),
        ("义乌市自然资源和规划局", "自然资源"),
        ("义乌市水务局", "水务"),
        ("义乌市人民政府办公室", "联席会议"),
        ("金华市双随机监管联席会议办公室", "联席会议"),
        ("浙江省义乌市公证处", "公证"),
        ("义乌市某某中心", None),
    ],
)
def test_a_department_is_read_from_the_name_of_the_organ(organ: str, department: str | None) -> None:
    assert department_of(organ) == department


def test_a_leave_covers_its_first_and_its_last_day() -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 10)
    covered = [day for day in range(-2, 14) if on_leave(first, last, first + timedelta(days=day))]
    assert covered == list(range(10))
    assert on_leave(first, None, date(2030, 1, 1))
    assert not on_leave(first, None, date(2026, 11, 30))
    assert on_leave(None, last, date(2026, 1, 1))
    assert not on_leave(None, last, date(2026, 12, 11))
    assert not on_leave(None, None, first)


MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("12月1日至12月10日", date(2026, 12, 1), date(2026, 12, 10)),
        ("12.1-12.10", date(2026, 12, 1), date(2026, 12, 10)),
        ("2026-12-01 to 2026-12-10", date(2026, 12, 1), date(2026, 12, 10)),
        ("2026-12-01 2026-12-10", date(2026, 12, 1), date(2026, 12, 10)),
        ("12月28日至1月5日", date(2026, 12, 28), date(2027, 1, 5)),
        ("11月28日至12月5日", date(2026, 11, 28), date(2026, 12, 5)),
        ("3天", MONDAY, date(2026, 12, 2)),
        ("3 days", MONDAY, date(2026, 12, 2)),
        ("12月10日", MONDAY, date(2026, 12, 10)),
        ("到 2026-12-10", MONDAY, date(2026, 12, 10)),
        ("明天至周五", date(2026, 12, 1), date(2026, 12, 4)),
        ("12月1日起", date(2026, 12, 1), None),
        ("from 2026-12-01", date(2026, 12, 1), None),
    ],
)
def test_a_leave_as_people_write_it(text: str, first: date, last: date | None) -> None:
    assert typed.leave(text, MONDAY) == (first, last)


@pytest.mark.parametrize("text", ["", "病假", "0天", "12月10日至12月1日", "2月30日", "330700021 3天", "3天 4天"])
def test_what_is_no_leave(text: str) -> None:
    assert typed.leave(text, MONDAY) is None
