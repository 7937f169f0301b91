"""The made-up city's two directories, as the files that an administrator would send: staff and subjects."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence

from faker import Faker

from rules.subjects import ALPHABET, check_digit

STAFF_HEADER = ("工号", "姓名", "单位", "区域", "角色", "执法证号", "执法证有效期", "专业", "电话")
INSPECTOR, SUPERVISOR, LIAISON = "330782021", "330782010", "330782301"  # whose phones are shown
ADMINISTRATOR = "330700001"
OFFICE, NOTARY = "330700101", "330700102"  # the usual witnesses
SUPERVISOR_OF_CITY, SUPERVISOR_OF_FIRE = "330700010", "330782310"

YIWU_MARKET = "义乌市市场监督管理局"
CITY_MARKET = "金华市市场监督管理局"
YIWU_FIRE = "义乌市消防救援大队"
_STAFF = (  # number, name, organ, area, role, specialties; who has no specialty listed after the role has none
    (OFFICE, "何静", "金华市双随机监管联席会议办公室", "金华市", "联络员;联席办"),
    (NOTARY, "方毅", "金华市公证处", "金华市", "联络员"),
    (ADMINISTRATOR, "沈洁", CITY_MARKET, "金华市", "管理员"),
    (SUPERVISOR_OF_CITY, "郑国强", CITY_MARKET, "金华市", "主管"),
    (LIAISON, "陈刚", YIWU_FIRE, "义乌市", "联络员"),
    (SUPERVISOR_OF_FIRE, "金海涛", YIWU_FIRE, "义乌市", "主管"),
    ("330782321", "周磊", YIWU_FIRE, "义乌市", "执法人员"),
    ("330782322", "徐丽", YIWU_FIRE, "义乌市", "执法人员"),
    ("330782401", "楼晓燕", "金华市生态环境局义乌分局", "义乌市", "联络员"),
    ("330782501", "朱建平", "义乌市住房和城乡建设局", "义乌市", "联络员"),
    ("330782601", "傅明", "义乌市应急管理局", "义乌市", "联络员"),
    ("330783401", "卢芳", "东阳市消防救援大队", "东阳市", "联络员"),
    (SUPERVISOR, "赵敏", YIWU_MARKET, "义乌市", "主管"),
    (INSPECTOR, "张伟", YIWU_MARKET, "义乌市", "执法人员", "食品"),
    ("330782022", "李娜", YIWU_MARKET, "义乌市", "执法人员", "食品"),
    ("330782023", "王强", YIWU_MARKET, "义乌市", "执法人员", "食品;特种设备"),
    ("330783021", "胡军", "东阳市市场监督管理局", "东阳市", "执法人员", "食品"),
    ("330783022", "马丽", "东阳市市场监督管理局", "东阳市", "执法人员", "药品"),
    ("330702021", "吴斌", "金华市市场监督管理局婺城分局", "婺城区", "执法人员", "食品"),
    ("330702022", "蒋雯", "金华市市场监督管理局婺城分局", "婺城区", "执法人员"),
    ("330784021", "施浩", "永康市市场监督管理局", "永康市", "执法人员", "特种设备"),
    ("330784022", "应霞", "永康市市场监督管理局", "永康市", "执法人员", "食品"),
    ("330781021", "童飞", "兰溪市市场监督管理局", "兰溪市", "执法人员", "食品"),
    ("330703021", "曹颖", "金华市市场监督管理局金东分局", "金东区", "执法人员"),
    ("330771021", "贾楠", "金华市市场监督管理局开发区分局", "金华经济技术开发区", "执法人员", "食品"),
)

STAFF = {row[0]: row for row in _STAFF}  # by staff number

SUBJECT_HEADER = (
    "统一社会信用代码 名称 类型 区域 地址 坐标 行业 标签 信用等级 重点标记 状态 联系人 电话".split()  # noqa: SIM905
)
_AREAS = (  # name, code in credit codes, share, middle (latitude, longitude), towns
    ("义乌市", "330782", 34, (29.306, 120.075), "稠城街道 江东街道 北苑街道 后宅街道 佛堂镇 苏溪镇"),
    ("东阳市", "330783", 16, (29.289, 120.242), "吴宁街道 白云街道 江北街道 横店镇"),
    ("婺城区", "330702", 14, (29.086, 119.572), "城东街道 江南街道 三江街道 新狮街道"),
    ("永康市", "330784", 12, (28.888, 120.047), "东城街道 西城街道 古山镇 芝英镇"),
    ("兰溪市", "330781", 10, (29.209, 119.460), "兰江街道 云山街道 游埠镇"),
    ("金东区", "330703", 8, (29.099, 119.693), "多湖街道 东孝街道 孝顺镇"),
    ("金华经济技术开发区", "330700", 6, (29.053, 119.643), "秋滨街道 苏孟乡"),
)
_STREETS = "工人西路 城中北路 人民路 解放东街 中山路 望道路 江滨路 八一北街 商城大道 丹溪北路 双溪西路 环城南路".split()  # noqa: SIM905
_TRADES = (  # share, label, industry, key flag, 92 or 91, what it is called
    (30, "餐饮服务", "餐饮业", "food_drug", "92", "面馆 小吃店 饭店 火锅店 农家乐 早餐店 土菜馆 馄饨店"),
    (8, "餐饮服务", "餐饮业", "food_drug", "91", "餐饮管理有限公司 大酒店有限公司"),
    (16, "食品销售", "零售业", "food_drug", "92", "超市 便利店 水果店 副食店 茶叶店"),
    (8, "食品销售", "零售业", "food_drug", "91", "商贸有限公司 超市连锁有限公司"),
    (8, "人员密集场所", "住宿业", "work_safety", "91", "宾馆有限公司 文化娱乐有限公司"),
    (14, "生产企业", "制造业", "environment", "91", "五金制品有限公司 饰品有限公司 针织有限公司 塑料制品有限公司"),
    (16, "", "批发和零售业", "complaints", "92", "服装店 文具店 手机维修店 理发店 五金店 洗衣店"),
)
_WORDS = "老街 阿明 福满 金穗 同乐 顺发 乡味 聚源 三益 常春 好邻居 江南 小城 喜来 丰裕 一品 宏达 清溪 双喜 百顺".split()  # noqa: SIM905
_FIRST, _SECOND = "恒晟瑞丰泰盛和信嘉源", "鑫锦润达康禾逸岚澜沐"


def staff() -> bytes:
    """The staff as a CSV file."""
    rows = []
    for number, (staff_no, name, organ, area, role, *specialties) in enumerate(_STAFF):
        certificate = (f"浙G{staff_no}", "2028-12-31") if role == "执法人员" else ("", "")
        rows.append((staff_no, name, organ, area, role, *certificate, ";".join(specialties), f"1380579{number:04}"))
    return table(STAFF_HEADER, rows)


def subjects(count: int = 300, seed: int = 2026) -> bytes:
    """So many subjects as a CSV file; the same seed gives the same subjects."""
    chance = random.Random(seed)  # noqa: S311 (made-up names, not a draw)
    faker = Faker("zh_CN")
    faker.seed_instance(seed)
    rows: dict[str, Sequence[str]] = {}
    while len(rows) < count:
        area, code_area, _, (latitude, longitude), towns = chance.choices(_AREAS, [a[2] for a in _AREAS])[0]
        _, label, industry, flag, kind, names = chance.choices(_TRADES, [t[0] for t in _TRADES])[0]
        town, owner = chance.choice(towns.split()), faker.last_name() + faker.first_name()
        what, place = chance.choice(names.split()), area if area[-1] == "市" else "金华市"
        if kind == "91":
            name = f"{place}{chance.choice(_FIRST)}{chance.choice(_SECOND)}{what}"
        else:
            word = chance.choice([*_WORDS, f"{owner[0]}记", f"{owner[0]}家"])
            name = f"{place}{town.removesuffix('街道').removesuffix('镇')}{word}{what}"
        if name in rows:
            continue
        city = "金华市" if area[-1] == "区" else ""
        body = f"{kind}{code_area}MA2{''.join(chance.choices(ALPHABET, k=6))}"
        rows[name] = (
            body + check_digit(body),
            name,
            "有限责任公司" if kind == "91" else "个体工商户",
            area,
            f"浙江省{city}{area}{town}{chance.choice(_STREETS)}{chance.randint(1, 320)}号",
            f"{latitude + chance.gauss(0, 0.02):.5f},{longitude + chance.gauss(0, 0.02):.5f}",
            industry,
            label,
            chance.choices("ABCD", (25, 50, 18, 7))[0],
            flag if chance.random() < 0.06 else "",
            "注销" if chance.random() < 0.01 else "存续",
            owner,
            f"138{chance.randint(0, 99999999):08}",
        )
    return table(SUBJECT_HEADER, rows.values())


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """A CSV file as a spreadsheet program saves it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
