"""Reads the words that stand for the taps of a visit: a phone without signal queues words, but not taps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.methods import COMMISSIONED, COURT, NETWORK, ON_SITE, OTHER_DEPARTMENT, WRITTEN

WORDS = {  # what is said, and the step that it stands for
    "start": ("开始", "开始检查", "start"),
    "here": ("到场", "我已到场", "我到了", "到了", "here", "i'm here"),
    "code": ("亮码", "visit code"),
    "sign": ("提交", "签名", "签名提交", "确认签名", "确认", "submit", "sign", "sign and submit", "confirm"),
    "result": ("看结果", "结果", "results", "result"),
    "previous": ("上一项", "◀ 上一项", "previous", "back one"),
    "back": ("返回", "取消", "back", "cancel"),
    "save": ("保存", "保存退出", "退出", "save"),
    "materials": ("材料", "materials"),
    "accept": ("接受", "accept"),
    "letter": ("通知书", "检查通知书", "notice"),
    "phones": ("同行电话", "phones"),
    "scan": ("扫码", "扫码确认", "scan", "scan to confirm"),
    "page": ("签字页", "拍签字页", "page", "photo of page"),
}
STEPS = {word: step for step, words in WORDS.items() for word in words}
METHOD_WORDS = {
    "实地": ON_SITE,
    "实地核查": ON_SITE,
    "现场": ON_SITE,
    "on-site": ON_SITE,
    "书面": WRITTEN,
    "书面检查": WRITTEN,
    "written": WRITTEN,
    "网络": NETWORK,
    "网络监测": NETWORK,
    "network": NETWORK,
    "委托": COMMISSIONED,
    "委托专业机构": COMMISSIONED,
    "commissioned": COMMISSIONED,
    "其他部门": OTHER_DEPARTMENT,
    "其他部门结论": OTHER_DEPARTMENT,
    "other department": OTHER_DEPARTMENT,
    "司法": COURT,
    "司法文书": COURT,
    "court": COURT,
}
_METHOD = re.compile(
    rf"(?:方式|method)\s*[:：]?\s*(?P<method>{'|'.join(sorted(map(re.escape, METHOD_WORDS), key=len, reverse=True))})"
    r"(?:[\s:：,，]+(?P<note>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_RESULT = re.compile(
    r"(?:(?:事项|item)\s*(?P<item>\d{1,2})\s*[,，]?\s*)?(?:结果|result)\s*[:：]?\s*(?P<result>\S.*)", re.IGNORECASE
)
_DAYS = re.compile(r"(?:限期|期限|within)\s*[:：]?\s*(?P<days>\d{1,3})\s*(?:个?工作日|天|日|days)?", re.IGNORECASE)
_MATERIALS = re.compile(
    r"(?:材料|materials)\s*[:：]?\s*(?:(?P<all>全部|齐全|全部齐全|all)|(?:(?P<missing>缺少?|没有|missing)\s*)?(?P<name>\S.*))",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"(?:当事人)?(?:陈述|陈述申辩|statement)[\s:：]+(?P<words>\S.*)", re.IGNORECASE | re.DOTALL)
_DISPOSAL = re.compile(
    r"(?:(?:事项|item)\s*(?P<item>\d{1,2})\s*[,，]?\s*)?(?:处理意见|处理|disposal)[\s:：]+(?P<words>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_REFUSED = re.compile(
    r"(?:当事人)?(?:拒签|拒绝签字|refused)[\s:：,，]+(?P<why>\S.*?)"
    r"(?:[\s,，;；]*(?:见证人|见证|witness)\s*[:：]?\s*(?P<witness>\S.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ALONE = re.compile(r"(?:同伴没到|同伴未到|partner absent)[\s:：,，]+(?P<why>\S.*)", re.IGNORECASE | re.DOTALL)
_LETTER = re.compile(
    r"(?:检查通知书|通知书|通知|notice)[\s:：,，]*(?P<day>\S.*?)(?:[\s,，]*(?P<urgent>紧急|urgent))?", re.IGNORECASE
)
_LEAVING = re.compile(
    r"(?:(?P<recusal>申请回避|回避|recuse)|请假|leave)[\s:：,，]+(?P<why>\S.*)", re.IGNORECASE | re.DOTALL
)
_EXPERT = re.compile(r"(?:请专家|专家|expert)[\s:：]+(?P<name>\S.*)", re.IGNORECASE)
_COUNTED = "箱包个只瓶袋件台张盒桶名人位斤克公吨户家间处年月日天次周两份条批种支把块片℃度%"
_CAPTION = re.compile(
    rf"第?\s*(?P<number>\d{{1,3}})(?:\s*项\s*[:：]?|\s*[:：、]|\s)\s*(?P<words>(?![{_COUNTED}])\S.*)", re.DOTALL
)
_BARE = re.compile(r"第?\s*(\d{1,3})\s*[项条]?")


@dataclass(frozen=True)
class Said:
    """A step of a visit that was typed: which, with what words, and (from 1; 0: none) of which item, or how many."""

    step: str
    words: str = ""
    more: str = ""
    number: int = 0


def said(text: str) -> Said | None:
    """The step that a text stands for, or None."""
    text = text.strip()
    if step := STEPS.get(text.lower().rstrip("。.！!")):
        return Said(step)
    if match := _METHOD.fullmatch(text):
        return Said("method", METHOD_WORDS[match["method"].lower()], (match["note"] or "").strip())
    if match := _DAYS.fullmatch(text):
        return Said("days", number=int(match["days"]))
    if match := _MATERIALS.fullmatch(text):
        name = "" if match["all"] else match["name"].strip()
        return Said("material", name, "missing" if match["missing"] else "seen")
    if match := _STATEMENT.fullmatch(text):
        return Said("statement", match["words"].strip())
    if match := _DISPOSAL.fullmatch(text):
        return Said("disposal", match["words"].strip(), number=int(match["item"] or 0))
    if match := _REFUSED.fullmatch(text):
        return Said("refused", match["why"].strip(), (match["witness"] or "").strip())
    if match := _ALONE.fullmatch(text):
        return Said("alone", match["why"].strip())
    if match := _LETTER.fullmatch(text):
        return Said("letter", match["day"].strip(), "urgent" if match["urgent"] else "")
    if match := _LEAVING.fullmatch(text):
        return Said("leaving", match["why"].strip(), "recusal" if match["recusal"] else "leave")
    if match := _EXPERT.fullmatch(text):
        return Said("expert", match["name"].strip())
    if match := _RESULT.fullmatch(text):
        return Said("choose", match["result"].strip(), number=int(match["item"] or 0))
    return None


def caption(text: str) -> tuple[int, str] | None:
    """The point that the words under a photo name, and the words: "3 灭火器过期"; None if they name none.

    "3 箱牛奶过期" names none: a number before a measure word counts things.
    """
    text = text.strip()
    if match := _CAPTION.fullmatch(text):
        return int(match["number"]), match["words"].strip()
    return (int(match[1]), "") if (match := _BARE.fullmatch(text)) else None
