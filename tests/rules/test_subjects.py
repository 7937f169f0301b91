import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.places import Gazetteer, Located, Place
from rules.subjects import (
    ALPHABET,
    KINDS,
    STATUSES,
    are_codes,
    check_digit,
    code_fault,
    kind_of_code,
    kind_of_word,
    mask_name,
    mask_phone,
    own_code_fault,
    status_of_word,
)

GOOD = "91350100M000100Y43"  # the standard's own example, GB 32100-2015
BODIES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["91", "92", "93", "12", "51", "A1", "N2", "Y1"]),
    st.integers(110000, 659999),
    st.text(ALPHABET, min_size=9, max_size=9),
)
PLACES = [
    Place("330700", "金华市"),
    Place("330702", "婺城区", "330700", ("城东街道", "江南街道", "罗店镇")),
    Place("330703", "金东区", "330700", ("江东镇", "赤松镇")),
    Place("330771", "金华经济技术开发区", "330700", (), ("金华市开发区", "金华开发区")),
    Place("330782", "义乌市", "330700", ("江东街道", "佛堂镇")),
    Place("330783", "东阳市", "330700", ("城东街道", "横店镇")),
    Place("330784", "永康市", "330700", ("江南街道", "东城街道")),
]
YIWU, DONGYANG, CITY, ELSEWHERE = "91330782", "91330783", "91330700", "91420607"
gazetteer = Gazetteer(PLACES)


@given(BODIES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, other: str) -> None:
    code = body + check_digit(body)
    assert code_fault(code) is None
    wrong = code[:place] + other + code[place + 1 :]
    assert (code_fault(wrong) is None) == (wrong == code)


OTHERS = st.sampled_from(ALPHABET + "IOSVZa中Ａ") | st.just("")


@given(st.lists(st.tuples(BODIES, st.integers(0, 17), OTHERS), max_size=8))
def test_many_codes_at_once_are_judged_as_each_is(bodies: list[tuple[str, int, str]]) -> None:
    good = [body + check_digit(body) for body, _, _ in bodies]
    assert are_codes(good) == [True] * len(good)
    spoilt = [code[:place] + other + code[place + 1 :] for code, (_, place, other) in zip(good, bodies, strict=True)]
    for codes in (spoilt, good[:1] + spoilt[1:]):
        assert are_codes(codes) == [code_fault(code) is None for code in codes]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (GOOD, None),
        ("", "empty"),
        (GOOD.lower(), "lower_case"),
        (GOOD.replace("M", "Ｍ"), "full_width"),
        ("９" + GOOD[1:], "full_width"),
        (GOOD[:-1], "code_length"),
        (GOOD + "3", "code_length"),
        (GOOD[:-1] + "4", "check_digit"),
        (GOOD.replace("M", "I"), "code_characters"),
        (GOOD.replace("35", "3A", 1), "code_characters"),
        ("9.13501E+17", "as_number"),
    ],
)
def test_what_is_wrong_with_a_code_is_named(code: str, fault: str | None) -> None:
    assert code_fault(code) == fault


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("EL-330782-0001", None),
        ("el-330782-0001", "lower_case"),
        ("电梯1号", "own_code"),
        ("E1", "own_code"),
        ("11010519491231002X", "identity_number"),
        ("11010519491231002x", "identity_number"),
    ],
)
def test_numbers_of_what_has_no_unified_code(code: str, fault: str | None) -> None:
    assert own_code_fault(code) == fault


@pytest.mark.city
def test_codes_of_real_licences(shared_data: Path) -> None:
    for known in json.loads((shared_data / "uscc_known_valid.json").read_text()):
        assert code_fault(known["code"]) is None
        assert check_digit(known["code"][:17]) == known["expected"]


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("91", "enterprise"),
        ("92", "individual"),
        ("93", "cooperative"),
        ("12", "institution"),
        ("51", "association"),
    ],
)
def test_the_code_tells_the_kind(prefix: str, kind: str) -> None:
    assert kind_of_code(prefix + GOOD[2:]) == kind
    assert kind_of_code("31" + GOOD[2:]) == "other"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("有限责任公司(自然人独资)", "enterprise"),
        ("个体工商户", "individual"),
        ("农民专业合作社分支机构", "cooperative"),
        ("集体分支机构(非法人)", "enterprise"),
        ("事业单位法人", "institution"),
        ("民办非企业单位", "association"),
        ("自然人", "person"),
        ("2万美元", None),
    ],
)
def test_a_word_tells_the_kind(word: str, kind: str | None) -> None:
    assert kind_of_word(word) == kind


def test_codes_of_kinds_and_status_are_understood() -> None:
    for kind, name in KINDS.items():
        assert kind_of_word(kind) == kind_of_word(name) == kind
    for status, name in STATUSES.items():
        assert status_of_word(status) == status_of_word(name) == status
    assert status_of_word("存续(在营、开业、在册)") == "active"
    assert status_of_word("?") is None


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("陈小明", "陈**"),
        ("陈明", "陈*"),
        ("陈", "陈"),
        ("欧阳小明", "欧阳**"),
        ("阿卜杜拉·买买提", "阿**"),
        ("", ""),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812342071", "138****2071"),
        ("+86 138-1234-2071", "+86 138-****-2071"),
        ("0579-82312345", "0579-****2345"),
        ("110", "*10"),
        ("", ""),
    ],
)
def test_phones_are_masked(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "code", "located"),
    [
        ("浙江省义乌市佛堂镇1号", YIWU, Located("330782", "address")),
        ("浙江省金华市婺城区青春西路111号", CITY, Located("330702", "address")),
        ("浙江省金华市东阳市横店", YIWU, Located("330783", "address", differs=True)),
        ("浙江省浙江省义乌国际商贸城", YIWU, Located("330782", "address")),
        ("浙江省金华市永康街919号", CITY, Located("330700", "code")),
        ("金华市义乌街2号", ELSEWHERE, Located("330700", "address")),
        ("浙江省金华市开发区婺州大街85号", "91330701", Located("330771", "address")),
        ("浙江省金华市金华经济技术开发区", CITY, Located("330771", "address")),
        ("横店镇工业区", ELSEWHERE, Located("330783", "address")),
        ("城东街道1号", DONGYANG, Located("330783", "code")),
        ("浙江省台州市黄岩区东城街道", YIWU, Located("330782", "code")),
        ("上溪路15号（东阳市建材厂内）", DONGYANG, Located("330783", "address")),
        ("某路（义乌市与东阳市交界）", DONGYANG, Located("330783", "code")),
        ("", YIWU, Located("330782", "code")),
        ("", "91330701", Located("330700", "code")),
        ("襄阳市襄州区张湾镇", ELSEWHERE, None),
    ],
)
def test_where_a_subject_lies(address: str, code: str, located: Located | None) -> None:
    assert gazetteer.locate(address, code) == located


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("330782", "330782"),
        ("义乌市", "330782"),
        ("义乌", "330782"),
        ("金华市义乌市", "330782"),
        ("浙江省金华市", "330700"),
        ("金华", "330700"),
        ("金华市开发区", "330771"),
        ("杭州市", None),
        ("义乌市佛堂镇", None),
        ("", None),
    ],
)
def test_an_area_is_found_by_its_names(words: str, code: str | None) -> None:
    assert gazetteer.find(words) == code


@pytest.mark.parametrize(
    ("organ", "area", "expected"),
    [
        ("义乌市市场监督管理局", "330783", "330782"),
        ("金华市应急管理局", "330782", "330700"),
        ("金华市公安局婺城分局", "330702", "330702"),
        ("金华市市场监督管理局开发区分局", "330771", "330771"),
        ("市场监督管理局", "330784", "330784"),
    ],
)
def test_the_area_of_an_organ(organ: str, area: str, expected: str) -> None:
    assert gazetteer.of_organ(organ, area) == expected


@given(st.text(max_size=40), st.text(max_size=18))
def test_no_address_is_too_strange(address: str, code: str) -> None:
    located = gazetteer.locate(address, code)
    assert located is None or located.code in {place.code for place in PLACES}
