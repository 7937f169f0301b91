"""What the made-up city inspects, as data: items and checklists in our own words, samples and not those in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from actions import imports
from demo.directories import table

POINT_HEADER = ("检查表", "序号", "检查要点", "方法", "拍照", "停止", "可不适用", "重点项")
HEADER = (
    *("事项编码", "抽查事项", "抽查主体", "事项类别", "比例上限", "对象标签", "抽查类别"),
    *("抽查对象", "抽查依据", "抽查频次", "方式", "资质要求", "检查表", "生效日期"),
)

CATERING, LICENCE, FOOD_SALE, FIRE_EXITS, FUMES = "JH-SP-03", "JH-DJ-01", "JH-SP-02", "JH-XF-01", "JH-HB-02"
LIFTS = "JH-TS-01"


@dataclass(frozen=True)
class P:
    """A point of a checklist; `photo` as in `models.items.Point`, `fixed` cannot be "not applicable"."""

    text: str
    method: str = ""
    key: bool = False
    photo: str = "failure"
    fixed: bool = False
    stop: bool = False


@dataclass(frozen=True)
class Sample:
    """An item with its checklist."""

    code: str
    name: str
    department: str
    kind: str
    ceiling: int | None
    label: str
    category: str
    subjects: str
    basis: str
    frequency: str
    checklist: tuple[P, ...]
    specialty: str = ""

    @property
    def list_name(self) -> str:
        """What its checklist is called."""
        return self.name.removesuffix("检查")


ITEMS = (
    Sample(
        code=LICENCE,
        name="营业执照规范使用检查",
        department="市场监管",
        kind="general",
        ceiling=5,
        label="",
        category="登记事项",
        subjects="企业、个体工商户、农民专业合作社",
        basis="《市场主体登记管理条例》第三十八条",
        frequency="每年一次",
        checklist=(
            P("营业执照放在店内醒目处，网店在首页亮照", "看现场，看首页", fixed=True),
            P("没有涂改、出租、出借、转让营业执照", "看原件，问经营者", key=True),
            P("牌匾、印章上的名称与登记的一致", "对照执照，简称不算不符", photo="never"),
            P("实际经营的地方与登记的住所一致", "核对门牌，无法联系的拍门头", key=True),
        ),
    ),
    Sample(
        code=CATERING,
        name="餐饮服务食品安全检查",
        department="市场监管",
        kind="general",
        ceiling=20,
        label="餐饮服务",
        category="食品安全",
        subjects="餐饮服务提供者",
        basis="《食品安全法》第一百一十条",
        frequency="每年两次",
        specialty="食品",
        checklist=(
            P("食品经营许可证在有效期内，地址、业态与实际一致", "看原件，核对门牌和经营项目", key=True, fixed=True),
            P("许可证和上次检查结果贴在顾客看得到的地方", "看大堂"),
            P("做菜、端菜的人都有有效的健康证明", "至少抽看三人", key=True),
            P("后厨地面、墙面、台面干净，没有积水油垢", "走一圈"),
            P("没有老鼠、蟑螂的痕迹，门窗有防护", "看墙角、排水口和库房"),
            P("生熟分开，刀、板、容器有标识", "看操作台", key=True),
            P("冷藏冷冻温度达标，半成品有日期标签", "看温度计，抽看三样", key=True),
            P("没有过期、变质、来源不明的原料", "抽看五样原料的标签", key=True),
            P("进货有票据，供货者的许可查过并留底", "抽看三笔", photo="never"),
            P("食品添加剂专柜存放，使用有记录", "看柜子和台账"),
            P("餐具洗净消毒后保洁存放，或集中消毒有凭证", "看保洁柜", key=True),
            P("餐厨垃圾日产日清，桶有盖", "看垃圾桶"),
            P("油烟罩和风管按时清洗", "看清洗记录", photo="never"),
            P("专间有空调、消毒和洗手设施，进出更衣", "只查有冷食、裱花的"),
            P("没有用野生动物、长江鱼等招揽生意", "看菜单和招牌"),
            P("食品安全员在岗，自查有记录", "看一个月的自查表", photo="never"),
        ),
    ),
    Sample(
        code=FOOD_SALE,
        name="食品销售单位重点检查",
        department="市场监管",
        kind="key",
        ceiling=None,
        label="食品销售",
        category="食品安全",
        subjects="商场、超市、食品店",
        basis="《食品安全法》第一百一十条",
        frequency="每年一次",
        checklist=(
            P("食品经营许可或备案有效，现场品种没有超出范围", "看原件，对照货架", key=True, fixed=True),
            P("没有过保质期的食品，临期食品单独摆放", "抽看十样", key=True),
            P("散装食品标明名称、日期、保质期和厂家", "看散装柜", photo="never"),
            P("婴幼儿配方食品专柜，并有提示牌", "只查有售的", key=True),
            P("冷藏冷冻食品在规定温度下存放", "看温度显示"),
            P("进货查验记录完整，票据保存六个月以上", "抽看三笔", photo="never"),
            P("没有向未成年人销售酒类", "看提示，问店员", photo="never"),
            P("仓库离地离墙，与有毒有害物品分开", "看仓库"),
        ),
    ),
    Sample(
        code=FIRE_EXITS,
        name="人员密集场所消防安全检查",
        department="消防救援",
        kind="key",
        ceiling=None,
        label="人员密集场所",
        category="消防安全",
        subjects="宾馆、饭店、歌舞娱乐场所",
        basis="《消防法》第五十三条",
        frequency="每半年一次",
        checklist=(
            P("疏散通道、安全出口畅通，没有上锁和堆物", "走到室外", key=True, fixed=True),
            P("应急照明和疏散指示完好", "按测试键，抽看五处", key=True),
            P("灭火器在有效期内，压力正常", "抽看三具"),
            P("室内消火栓有水，水带水枪齐全", "打开一处"),
            P("自动报警和喷淋没有停用", "看消防控制室", key=True),
            P("厨房燃气有报警和切断装置，气瓶不放在地下", "看厨房", key=True),
            P("外窗没有影响逃生的栅栏和广告牌", "看外墙"),
            P("员工会报警、会用灭火器、会带人疏散", "问两人", photo="never"),
        ),
    ),
    Sample(
        code=LIFTS,
        name="人员密集场所电梯安全检查",
        department="市场监管",
        kind="key",
        ceiling=None,
        label="人员密集场所",
        category="特种设备安全",
        subjects="宾馆、饭店、歌舞娱乐场所",
        basis="《特种设备安全法》第五十七条",
        frequency="每年一次",
        checklist=(
            P("电梯在检验有效期内，标志贴在轿厢里", "看标志，对照日期", key=True, fixed=True),
            P("紧急呼叫有人应答", "按一次，记应答时间", key=True),
            P("维保每半个月一次，有签字记录", "抽看三个月", photo="never"),
            P("电梯安全员在岗，困人会处置", "问一人", photo="never"),
        ),
    ),
    Sample(
        code=FUMES,
        name="餐饮油烟排放检查",
        department="生态环境",
        kind="general",
        ceiling=10,
        label="餐饮服务",
        category="大气污染防治",
        subjects="产生油烟的餐饮单位",
        basis="《大气污染防治法》第八十一条",
        frequency="每年一次",
        checklist=(
            P("油烟净化设施装好并在运行", "看设备和电表", key=True),
            P("净化设施按时清洗，记录完整", "看三个月记录", photo="never"),
            P("油烟没有直接排进下水道或居民楼烟道", "看排口", key=True),
            P("排口朝向和高度没有影响邻居", "看外墙"),
            P("含油废水经隔油后排放", "看隔油池"),
        ),
    ),
)


async def add_items(session: AsyncSession, now: datetime, samples: Sequence[Sample] = ITEMS) -> None:
    """Put the items and their checklists into a database that has none, as an administrator would: from two files."""
    for kind, header, rows in (("checklists", POINT_HEADER, _points(samples)), ("items", HEADER, _rows(samples, now))):
        came = await imports.bring_in(session, [imports.KINDS[kind]], table(header, rows), f"{kind}.csv", now, None)
        assert not came.refused


def _points(samples: Sequence[Sample]) -> Iterator[tuple[str, ...]]:
    for one in samples:
        for number, point in enumerate(one.checklist, 1):
            flags = ("是" if flag else "否" for flag in (point.stop, not point.fixed, point.key))
            yield one.list_name, str(number), point.text, point.method, point.photo, *flags


def _rows(samples: Sequence[Sample], now: datetime) -> Iterator[tuple[str, ...]]:
    for one in samples:
        yield (
            *(one.code, one.name, f"市、县两级{one.department}部门", one.kind, str(one.ceiling or "")),
            *(one.label, one.category, one.subjects, one.basis, one.frequency, "现场检查", one.specialty),
            *(one.list_name, now.date().isoformat()),
        )
