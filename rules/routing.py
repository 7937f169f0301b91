"""What usually goes to which department, by words in what was found; an administrator's table comes first (R3.3.3a)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Route = tuple[str, Sequence[str], str]  # an item's code or empty, words, department

STANDARD: tuple[Route, ...] = tuple(
    ("", tuple(words.split()), department)
    for department, words in {
        "消防救援": "消防 疏散 安全出口 灭火器 消火栓 喷淋 烟感 防火 火灾 堵塞通道 气瓶 易燃 三合一",
        "生态环境": "油烟 废气 废水 排污 污水 污染 噪声 噪音 异味 危险废物 危废 粉尘 烟道",
        "住建": "燃气 液化气 违章搭建 违建 承重 建筑 施工 工地 扬尘 外墙 电梯井",
        "综合执法": "占道 店外经营 垃圾 广告牌 招牌 流动摊贩",
        "市场监管": "许可证 营业执照 无证 过期 食品 添加剂 特种设备 电梯 锅炉 压力容器 计量 价格 假冒 商标 虚假宣传",
        "卫生健康": "健康证 消毒 饮用水 职业病 医疗 诊所 卫生许可 传染病",
        "应急管理": "危险化学品 危化品 有限空间 安全生产 动火 爆炸 粉尘爆炸",
        "人社": "拖欠工资 欠薪 工资 劳动合同 童工 社保 用工",
        "公安": "赌博 毒品 吸毒 卖淫 诈骗 身份证 监控录像 剧毒 枪",
        "文旅": "歌舞 娱乐场所 网吧 未成年人 演出 旅行社 导游 文物",
        "税务": "发票 偷税 逃税 税务",
        "农业农村": "农药 兽药 种子 屠宰 动物检疫 饲料 农残",
        "交通": "超载 网约车 出租车 客运 货运 非法营运",
        "商务": "预付卡 单用途 加油站 成品油 汽车销售",
        "自然资源": "违法用地 占用耕地 采矿 测绘",
        "教育": "培训机构 幼儿园 学校 校外培训",
    }.items()
)


def proposed(text: str, item: str, routes: Iterable[Route]) -> list[str]:
    """The departments that a finding suggests, the likeliest first.

    A route for another item does not count; one for this item counts as three words.
    """
    scores: dict[str, int] = {}
    for code, words, department in routes:
        if code and code != item:
            continue
        score = 3 * bool(code) + sum(word in text for word in words)
        if score:
            scores[department] = scores.get(department, 0) + score
    return sorted(scores, key=lambda department: -scores[department])


def with_standard(own: Sequence[Route]) -> list[Route]:
    """An installation's own routes, and the standard words of every department that it has none for."""
    named = {department for code, _, department in own if not code}
    return [*own, *(route for route in STANDARD if route[2] not in named)]
