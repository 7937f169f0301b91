"""The plans and the item list as everybody reads them: what is announced, what changed and why (R3.1.2d, R3.2.1c)."""

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import text

from actions.items import revise, revise_checklist
from models.database import Database
from models.plans import Plan, PlanDecision, PlannedItem, PlannedTask, Task
from tests.rules.test_items import point
from tests.web.city import NOW, PRIVATE, Client, read

NUMBER = "33078220261001"


def plan(edition: int, state: str, ratio: str, **more: object) -> Plan:
    task = PlannedTask(
        number=1,
        name="餐饮 <春季> 抽查",
        kind="directed",
        area_code="330782",
        scope="大型餐饮",
        ratio=Decimal(ratio),
        starts=date(2026, 3, 1),
        ends=date(2026, 6, 30),
    )
    task.items = [PlannedItem(position=0, item_id=1, organ_id=1)]
    made = Plan(number=NUMBER, edition=edition, year=2026, name="2026年抽查计划", organ_id=1, state=state)
    made.drafted_by = made.submitted_by = 3
    made.drafted_at = made.submitted_at = made.approved_at = datetime(2026, 3, edition, tzinfo=UTC)
    made.rejected = "机密退回"
    for name, value in more.items():
        setattr(made, name, value)
    made.tasks = [task]
    made.decisions = [PlanDecision(stage="lead", approved=True, person_id=3, at=made.submitted_at)]
    return made


async def publish(database: Database) -> None:
    """Two public editions and a third that is only a draft; the first task that there is was made of the first."""
    async with database.write() as session:
        public = {"published_at": datetime(2026, 3, 20, tzinfo=UTC), "filed_with": "义乌市人民政府", "filed_at": NOW}
        first = plan(1, "superseded", "12", **public)
        later = {"published_at": datetime(2026, 5, 4, tzinfo=UTC), "change": "上半年有大型活动"}
        session.add_all([first, plan(2, "published", "7", **later), plan(3, "draft", "1", change="机密笔记")])
        await session.flush()
        (await session.get_one(Task, 1)).planned_id = first.tasks[0].id


async def test_the_plans_are_listed_in_their_newest_public_edition(client: Client, database: Database) -> None:
    assert "还没有公布的计划" in await read(client, "/plans")
    await publish(database)
    page = await read(client, "/plans")
    assert page.count("2026年抽查计划") == 1
    assert f'href="/plans/{NUMBER}"' in page
    assert "第 2 版" in page
    assert "1 项任务" in page


async def test_a_plan_shows_its_tasks_in_the_columns_of_the_national_register(
    client: Client, database: Database
) -> None:
    await publish(database)
    page = await read(client, f"/plans/{NUMBER}")
    for words in ("抽查计划编号", "抽查任务编号", "抽查任务名称", "抽查类型", "抽查机关", "抽查事项", "抽查比例"):
        assert words in page
    assert NUMBER in page
    assert "餐饮 <春季> 抽查" in page
    assert "定向抽查" in page
    assert "大型餐饮" in page
    assert "7%" in page
    assert "2026年3月1日 至 2026年6月30日" in page
    assert "上半年有大型活动" in page
    assert 'href="/tasks/330782202612011001"' in page, "the task was made of the edition before"
    assert 'href="/items/AMR-1"' in page
    assert "还没有备案" in page
    assert not [secret for secret in PRIVATE if secret in page]
    assert "<春季>" not in await (await client.get(f"/plans/{NUMBER}")).text(), "escaped"
    old = await read(client, f"/plans/{NUMBER}?edition=1")
    assert "这一版已被新版代替" in old
    assert "12%" in old
    assert "义乌市人民政府" in old


async def test_what_is_not_public_is_not_there(client: Client, database: Database) -> None:
    await publish(database)
    for address in (f"/plans/{NUMBER}?edition=3", "/plans/33078220261009", "/items/NO", "/items/AMR-1?version=9"):
        assert (await client.get(address)).status == 404, address
    assert (await client.get(f"/plans/{NUMBER}?edition=x")).status == 400


async def test_a_result_names_the_plan_of_its_task(client: Client, database: Database) -> None:
    assert "临时任务" in await read(client, "/results")
    await publish(database)
    page = await read(client, "/results")
    assert NUMBER in page
    assert "2026年抽查计划" in page


async def test_the_item_list_and_what_changed(client: Client, database: Database) -> None:
    async with database.write() as session:
        if not database.is_sqlite:  # the city has numbered its rows itself
            for table in ("items", "checklists", "points"):
                await session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)"))
        changed = {"kind": "general", "ratio_ceiling": Decimal(5), "basis": "新<法>第三条"}
        await revise(session, "AMR-1", changed, date(2026, 6, 1), "修法", None, NOW)
        points = [point("许可证有效", stop=True, method="看原件"), point("留样", min_sample=3)]
        await revise_checklist(session, "餐饮", points, ["许可证"], date(2027, 1, 1), None, NOW)
    page = await read(client, "/items")
    assert "市场监管" in page
    assert "比例上限 5%" in page
    page = await read(client, "/items/AMR-1")
    assert "新<法>第三条" in page
    assert "2026年6月1日起 · 2026年12月31日止 · 修法" in page
    assert "抽查依据 <del>《食品安全法》第一百一十条</del> <ins>新<法>第三条</ins>" in page
    assert "事项类别 <del>重点事项</del> <ins>一般事项</ins>" in page
    assert "第 1 项 不符合即停止 <del>否</del> <ins>是</ins>" in page
    assert "第 2 项 <ins>留样</ins>" in page
    assert "检查表（1 项）" in page, "the list of today; the new one is to come"
    assert "待生效" in page
    old = await read(client, "/items/AMR-1?version=1")
    assert "这不是现行版本" in old
    assert "不设上限" in old
    new = await read(client, "/items/AMR-1?version=3")
    assert "至少抽 3" in new
    assert "请备好：许可证" in new
