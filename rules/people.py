"""What the words of a staff list mean: roles, status, department, certificates (R3.1.3d)."""

from __future__ import annotations

import re
from datetime import date

ROLES = {
    "inspector": "执法人员",
    "supervisor": "主管",
    "liaison": "联络员",
    "deputy": "副联络员",  # asked where no liaison can be reached
    "administrator": "管理员",
    "expert": "专家",
    "office": "联席办",  # the joint conference office (联席会议办公室, R3.2.1a, R4.1)
}
_ROLE_BY_WORD = {
    "inspector": "检查人员 执法检查人员 行政执法人员 检查员",
    "supervisor": "主管领导 负责人 审批人 科长 队长 领导",
    "liaison": "联络人 联系人",
    "deputy": "副联络人 备用联络员 后备联络员",
    "administrator": "系统管理员 管理人员",
    "expert": "专业人员 技术专家",
    "office": "联席会议办公室 联席会议 双随机办公室 双随机办 联席办人员",
}
_ROLES = {word: role for role, words in _ROLE_BY_WORD.items() for word in (role, ROLES[role], *words.split())}

STATUSES = {"active": "在岗", "leave": "请假", "suspended": "停职", "left": "离岗"}
BARRED = ("suspended", "left")  # whoever may not do anything here
_STATUS_BY_WORD = {
    "active": "在职 正常 在编在岗",
    "leave": "休假 病假 产假 借调 借出 外派",
    "suspended": "停岗 暂停 暂停执法 暂停职务",
    "left": "离职 调离 调出 退休 辞职 注销",
}
_STATUSES = {word: code for code, words in _STATUS_BY_WORD.items() for word in (code, STATUSES[code], *words.split())}
NO_END = date(9999, 12, 31)  # 长期: a certificate without an end

# The first that fits names the line: the trade before 综合行政执法 (交通运输综合行政执法队).
_DEPARTMENTS = tuple(
    (re.compile(pattern), department)
    for pattern, department in (
        ("公证处", "公证"),
        ("联席会议|人民政府办公|政府办", "联席会议"),
        ("消防", "消防救援"),
        ("市场监督|市场监管|药品监督|工商行政|质量技术监督", "市场监管"),
        ("应急管理|安全生产监督", "应急管理"),
        ("生态环境|环境保护", "生态环境"),
        ("住房和城乡建设|住房城乡建设|住建|建设局", "住建"),
        ("卫生健康|卫健|卫生监督|疾病预防|疾控", "卫生健康"),
        ("文化和广电|文化广电|文化市场|文化和旅游|文旅|文广|旅游局", "文旅"),
        ("农业|畜牧|渔业", "农业农村"),
        ("人力资源|人力社保|人社|劳动保障", "人社"),
        ("公安|交警|派出所", "公安"),
        ("交通|公路|港航", "交通"),
        ("商务", "商务"),
        ("税务", "税务"),
        ("教育", "教育"),
        ("发展和改革|发展改革|发改|粮食", "发改"),
        ("自然资源|国土资源|规划局", "自然资源"),
        ("水务|水利", "水务"),
        ("经济和信息化|经信", "经信"),
        ("科学技术局|科技局", "科技"),
        ("民政局", "民政"),
        ("司法局", "司法"),
        ("财政局", "财政"),
        ("统计", "统计"),
        ("医疗保障|医保", "医保"),
        ("民族宗教", "民宗"),
        ("林业", "林业"),
        ("气象", "气象"),
        ("海关", "海关"),
        ("烟草", "烟草"),
        ("邮政管理", "邮政"),
        ("新闻出版|电影局", "新闻出版"),
        ("金融|人民银行", "金融"),
        ("体育", "体育"),
        ("档案", "档案"),
        ("综合行政执法|城市管理|综合执法", "综合执法"),
    )
)


def role_of_word(word: str) -> str | None:
    """The role that a word such as 执法人员 or a code of `ROLES` means; None if unknown."""
    return _ROLES.get(word)


def status_of_word(word: str) -> str | None:
    """The status that a word such as 在职 or a code of `STATUSES` means; None if unknown."""
    return _STATUSES.get(word)


def department_of(organ: str) -> str | None:
    """The line (市场监管) of an organ by its full name (义乌市市场监督管理局), or None."""
    for pattern, department in _DEPARTMENTS:
        if pattern.search(organ):
            return department
    return None


def on_leave(first: date | None, last: date | None, day: date) -> bool:
    """Whether a leave covers a day. One without a first day has begun, one without a last day has no end yet.

    Without either there is no leave.
    """
    return bool(first or last) and (first or day) <= day <= (last or day)


def certificate_valid(certificate: str, until: date | None, day: date) -> bool:
    """Whether a law-enforcement certificate counts on a day: it has a number, and ends not before that day.

    Where the end is unknown it does not count; a certificate without an end (长期) has `NO_END`.
    """
    return bool(certificate) and until is not None and until >= day
