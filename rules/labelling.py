"""Reads which subjects somebody wants to label, as they type it: 网红餐饮 区域 义乌市 行业 餐饮 (分类标注, R3.1.3b)."""

from __future__ import annotations

import re

from rules.refusal import Refusal

NAMES = {
    **dict.fromkeys(("区域", "area"), "area"),
    **dict.fromkeys(("类型", "kind"), "kind"),
    **dict.fromkeys(("行业", "industry"), "industry"),
    **dict.fromkeys(("名称", "name"), "name"),
}
_MARKS = re.compile(r"[\s:：=＝,，;；]+")


def asked(text: str) -> tuple[str, dict[str, str]]:
    """The label, and what it is filtered by: `area`, `kind`, `industry`, `name`. Refused: `labels.how`."""
    label, *rest = [part for part in _MARKS.split(text) if part] or [""]
    names, values = [NAMES.get(one.lower()) for one in rest[::2]], rest[1::2]
    which = {name: value for name, value in zip(names, values, strict=False) if name}
    if not label or len(which) * 2 != len(rest):
        raise Refusal("labels.how")
    return label, which
