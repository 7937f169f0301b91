"""What a subject's code and words say by themselves (GB 32100-2015, R3.1.3c), and what the public may see."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from operator import mul

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, 4.3: no I, O, S, V, Z
VALUES = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_VALUES = bytes(VALUES.get(chr(one), 255) for one in range(256))
_SHAPE = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_OWN_CODE = re.compile("[0-9A-Z][0-9A-Z-]{3,63}")
_IDENTITY = re.compile("[0-9]{17}[0-9X]|[0-9]{15}")
_AS_NUMBER = re.compile(r"[0-9]([.][0-9]+)?[Ee][+]?[0-9]+")

KINDS = {  # R3.1.3c: code → the word in Chinese files
    "enterprise": "企业",
    "individual": "个体工商户",
    "cooperative": "农民专业合作社",
    "institution": "事业单位",
    "association": "社会组织",
    "person": "自然人",
    "project": "建设工程",
    "equipment": "设备",
    "premises": "场所",
    "other": "其他组织",
}
OWN_CODES = frozenset({"person", "project", "equipment", "premises"})  # kinds without a unified code
_KIND_BY_CODE = {  # GB 32100-2015, table 1: registering department and category; what is not named is "other"
    "91": "enterprise",
    "92": "individual",
    "93": "cooperative",
    "12": "institution",
    "A1": "institution",
    "13": "association",
    "51": "association",
    "52": "association",
    "53": "association",
    "59": "association",
    "81": "association",
    "89": "association",
}
_KIND_BY_WORD = (  # the first that fits: 自然人独资 is a company, 合作社分支机构 a co-operative
    (re.compile("个体"), "individual"),
    (re.compile("合作社"), "cooperative"),
    (
        re.compile("公司|(?<!非)企业|合伙|独资|集体|国有|全民所有|股份|联营|代表机构|外商|分支机构"),
        "enterprise",
    ),
    (re.compile("事业"), "institution"),
    (re.compile("社会团体|社会组织|社团|民办非|协会|商会|学会|基金会|工会"), "association"),
    (re.compile("自然人|个人|公民"), "person"),
    (re.compile("工程|项目|工地"), "project"),
    (re.compile("设备|电梯|锅炉|船舶|车辆"), "equipment"),
    (re.compile("场所|场地|楼宇|市场"), "premises"),
    (re.compile("其他|机关"), "other"),
)

DROPPED = "dropped"  # a whole directory was brought in that did not name the subject
STATUSES = {"active": "存续", "revoked": "吊销", "cancelled": "注销", "moved": "迁出", DROPPED: "移出名录"}
_STATUS_BY_WORD = {
    # 歇业 keeps its registration (市场主体登记管理条例, article 30) and may be inspected
    "active": "存续 在营 在业 开业 在册 正常 有效 登记 存续（在营、开业、在册） 在营（开业） 歇业 停业",
    "revoked": "吊销 被吊销 已吊销 吊销未注销 吊销，未注销 撤销 被撤销 已撤销",
    "cancelled": "注销 已注销 吊销已注销 吊销，已注销",
    "moved": "迁出 已迁出 迁往外地",
    DROPPED: "移出名录 已移出",
}
_STATUSES = {word: code for code, words in _STATUS_BY_WORD.items() for word in (code, *words.split())}

_COMPOUND_SURNAME = re.compile(
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|"
    "慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|闾丘|子车|亓官|司寇|呼延|令狐|轩辕|西门|百里|东郭|南门|羊舌|微生|梁丘"
)


def check_digit(body: str) -> str:
    """The 18th character for the first 17 of a unified social credit code (GB 32100-2015, annex A).

    KeyError for a character that the standard does not have.
    """
    return ALPHABET[-sum(map(mul, map(VALUES.__getitem__, body), WEIGHTS)) % 31]


def code_fault(code: str) -> str | None:
    """What is wrong with a unified social credit code as it is written, or None.

    One of `empty`, `as_number` (a spreadsheet rounded it), `full_width`, `lower_case`, `code_length`,
    `code_characters`, `check_digit`. Nothing is mended silently: what is in doubt is shown to
    the person who can look at the licence.
    """
    if _SHAPE.fullmatch(code):
        return None if check_digit(code[:17]) == code[17] else "check_digit"
    return _writing_fault(code) or ("code_length" if len(code) != 18 else "code_characters")


def are_codes(codes: Sequence[str]) -> list[bool]:
    """Of each whether `code_fault` finds nothing wrong with it; of many good ones in a tenth of the time.

    With its check digit the weighted sum of a code is a multiple of 31. The sums of all are made at once, as one
    large number in which each has sixteen bits.
    """
    together, count = "".join(codes), len(codes)
    if codes and together.isascii() and set(map(len, codes)) == {18}:
        values = together.encode().translate(_VALUES)
        digits = max(max(values[place::18]) for place in range(2, 8))
        if max(values) < 31 and digits < 10:
            total = 0
            for place, weight in enumerate((*WEIGHTS, 1)):
                apart = bytearray(2 * count)
                apart[::2] = values[place::18]
                total += weight * int.from_bytes(apart, "little")
            sums = struct.unpack(f"<{count}H", total.to_bytes(2 * count, "little"))
            return [not one % 31 for one in sums]
    return [code_fault(code) is None for code in codes]


def own_code_fault(code: str) -> str | None:
    """What is wrong with a directory number of a kind that has no unified code (`OWN_CODES`), or None.

    As `code_fault` for how it is written; else `own_code` (not 4 to 64 capitals, digits and hyphens) or
    `identity_number`: a subject's number is public, that of an identity card is not.
    """
    if _IDENTITY.fullmatch(code.upper()):
        return "identity_number"
    if _OWN_CODE.fullmatch(code):
        return None
    return _writing_fault(code) or "own_code"


def _writing_fault(code: str) -> str | None:
    if not code:
        return "empty"
    if _AS_NUMBER.fullmatch(code):
        return "as_number"
    if _FULL_WIDTH.search(code):
        return "full_width"
    return "lower_case" if code != code.upper() else None


def kind_of_code(code: str) -> str:
    """The kind of subject by the first two characters of a unified code (GB 32100-2015, table 1)."""
    return _KIND_BY_CODE.get(code[:2], "other")


def kind_of_word(word: str) -> str | None:
    """The kind of subject that a word (有限责任公司) or a code of `KINDS` means; None if it says nothing."""
    if word in KINDS:
        return word
    for pattern, kind in _KIND_BY_WORD:
        if pattern.search(word):
            return kind
    return None


def status_of_word(word: str) -> str | None:
    """The status that a word such as 在营 or a code of `STATUSES` means; None if unknown."""
    return _STATUSES.get(word) or _STATUSES.get(word.replace("(", "（").replace(")", "）").replace(",", "，"))


def mask_name(name: str) -> str:
    """A natural person's name for the public: the surname and at most two asterisks (陈**)."""
    surname = name[:2] if len(name) > 2 and _COMPOUND_SURNAME.match(name) else name[:1]
    return surname + "*" * min(2, len(name) - len(surname))


def mask_phone(phone: str) -> str:
    """A phone number for the public, without the four digits before the last four (138****2071).

    A number of fewer than 8 digits keeps only its last two.
    """
    places = [place for place, character in enumerate(phone) if character.isdigit()]
    hidden = set(places[-8:-4] if len(places) >= 8 else places[:-2])
    return "".join("*" if place in hidden else character for place, character in enumerate(phone))
