"""Tells the whole loop on the simulator, from two files to a public result and an answered lead, and fails loudly.

Long, because it is read from top to bottom: each chapter is what people do next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select

from actions import imports, people
from actions.areas import ensure_areas
from actions.calendars import official
from demo import pictures
from demo.directories import ADMINISTRATOR, NOTARY, OFFICE, STAFF, STAFF_HEADER, subjects, table
from demo.items import ITEMS, LICENCE, add_items
from demo.teller import WAIT, Stage, StepFailed, Teller
from locales import Words
from models.people import Area
from models.subjects import Subject
from models.visits import Seat, Visit
from simulator import Phone

IMPORT = 180.0  # seconds
SMALLEST = 12  # subjects that an area needs for a story
WANTED = 3  # visits to draw, about
FILES = ("commitment.json", "sealed.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv")
CHIEF, WITNESSES = STAFF[ADMINISTRATOR], (STAFF[OFFICE], STAFF[NOTARY])
INSPECTORS = ("张伟", "李娜", "王强", "马丽")


class Story(Teller):
    """The story as far as it has been told."""

    def __init__(self, stage: Stage, file: Path | None, words: Words, say: Callable[[str], None]) -> None:
        super().__init__(stage, words, say)
        self.file = file
        self.area: Area
        self.size = 0
        self.visit: Visit

    # --- the chapters

    async def prepare(self) -> None:
        """Areas and items as whoever installs it brings them in; the first administrator as from a terminal."""
        async with self.step("prepare"):
            now = self.stage.now()
            async with self.stage.database.write() as session:
                await ensure_areas(session)
                await add_items(session, now)
                first = table(STAFF_HEADER, [(*CHIEF, "", "", "", "")])
                await imports.bring_in(session, [imports.KINDS["inspectors"]], first, "管理员.csv", now, None)
                token = await people.invite(session, CHIEF[0], now, None)
            administrator = self.phone(CHIEF[1])
            await administrator.opens(f"https://t.me/{self.stage.telegram.world.username}?start={token}")
            await administrator.sees("绑定邀请", within=WAIT)
            await self.press(administrator, "是我，绑定", "已绑定")

    async def directories(self) -> None:
        """The administrator sends both directories as files."""
        administrator = self.phone(CHIEF[1])
        async with self.step("subjects"):
            began = time.monotonic()
            if self.file:
                await administrator.sends_file(self.file)
            else:
                await administrator.sends_file(subjects(), "检查对象.csv")
            await administrator.sees("检查对象名录库", button="确认", within=IMPORT)
            await administrator.presses("确认")
            await administrator.sees("已导入", within=IMPORT)
            self.say(self.words("demo.story.took", seconds=f"{time.monotonic() - began:.1f}").unescape())
            count = func.count(Subject.id)
            query = (
                select(Subject.area_code, count)
                .join(Area, Area.code == Subject.area_code)
                .where(Subject.status == "active", Area.parent.is_not(None))
                .group_by(Subject.area_code)
                .having(count >= SMALLEST)
            )
            async with self.stage.database.read() as session:
                areas = await session.execute(query.order_by(count))
                code, self.size = areas.tuples().first() or ("", 0)
                self.area = await session.get_one(Area, code)
        async with self.step("staff"):
            await administrator.sends_file(table(STAFF_HEADER, self._staff()), "人员.csv")
            await administrator.sees("执法检查人员名录库", button="确认", within=WAIT)
            await self.press(administrator, "确认", "已导入")

    def _staff(self) -> list[tuple[str, ...]]:
        area = self.area.name
        market = f"{area}市场监督管理局"
        rows: list[tuple[str, ...]] = [(*one, "", "", "", "") for one in WITNESSES]
        rows.append((f"{self.area.code}010", "赵敏", market, area, "主管", "", "", "", ""))
        rows.append((f"{self.area.code}301", "陈刚", f"{area}消防救援大队", area, "联络员", "", "", "", ""))
        for number, name in enumerate(INSPECTORS, 21):
            staff_no = f"{self.area.code}{number:03}"
            rows.append((staff_no, name, market, area, "执法人员", f"浙G{staff_no}", "2029-12-31", "", "13805790000"))
        return rows

    async def bindings(self) -> None:
        """Everybody scans the QR code of an invitation."""
        async with self.step("bind"):
            for staff_no, name, *_ in self._staff():
                invitation = await self.ask(self.phone(CHIEF[1]), f"/invite {staff_no}", staff_no)
                await self.phone(name).scans(invitation)
                await self.phone(name).sees("绑定邀请", within=WAIT)
                await self.press(self.phone(name), "是我，绑定", "已绑定")

    async def draw(self) -> None:
        """Task, commitment, witnesses, draw, release."""
        supervisor = self.phone("赵敏")
        item = next(item for item in ITEMS if item.code == LICENCE)
        ratio = f"{min(100 * WANTED / self.size, item.ceiling or 100):.2f}".rstrip("0").rstrip(".")
        async with self.step("task"):
            await supervisor.says("/plans")
            await self.press(supervisor, "新任务", "查什么")
            await self.press(supervisor, item.name, "在哪里")
            await self.press(supervisor, self.area.name, "抽百分之几")
            await self.ask(supervisor, ratio, "多长时间")
            await self.press(supervisor, "2 周", item.name)
            await self.press(supervisor, "确认", "任务编号")
        async with self.step("commit"):
            await self.press(supervisor, "承诺", "第一位见证人")
            await self.press(supervisor, WITNESSES[0][1], "第二位见证人")
            await self.press(supervisor, WITNESSES[1][1], "已承诺")
            for _, name, *_ in WITNESSES:
                await self.phone(name).sees("请您见证", within=WAIT)
                await self.press(self.phone(name), "见证", "别人猜不到")
                await self.ask(self.phone(name), f"窗外飞过麻雀，表上是 {self.stage.now():%H:%M:%S.%f}", "已收到")
        async with self.step("draw"):
            await supervisor.sees("见证人都到齐了", within=WAIT, button="抽取")
            await self.press(supervisor, "抽取", "抽取完成", "下达")
            await self.press(supervisor, "下达", "怎么下达", "一次全部")
            await self.press(supervisor, "一次全部", "已下达")
            drawn = await self.visits()
            assert 2 <= len(drawn) <= 8, f"{len(drawn)} visits"
            for name in {seat.person.name for visit in drawn for seat in visit.seats if seat.person}:
                await self.phone(name).sees("您被抽中检查", within=WAIT, button="逐户查看")

    async def seats(self) -> None:
        """One inspector declines and is replaced; the others accept."""
        async with self.step("decline"):
            visit = (await self.visits())[-1]
            leaver, stays = (seat.person.name for seat in visit.seats if seat.person)
            phone = self.phone(leaver)
            await self.press(phone, "逐户查看", "待检查", visit.subject.name)
            await self.press(phone, visit.subject.name, visit.subject.name, "申请回避")
            await self.press(phone, "申请回避", "为什么要回避")
            await self.ask(phone, "店主是我表哥", "按抽取顺序补位")
            held = (await self.visits())[-1].seats
            successor = next(s.person.name for s in held if s.person and s.person.name not in (leaver, stays))
            await self.phone(successor).sees("您被抽中补位", within=WAIT)
            await self.phone(stays).sees(f"{leaver} 退出", within=WAIT)
            await self.phone("赵敏").sees(f"{leaver} 退出", within=WAIT)
        async with self.step("accept"):
            async with self.stage.database.read() as session:
                offered = set(await session.scalars(select(Seat).where(Seat.state == "offered")))
            for name in sorted({seat.person.name for seat in offered if seat.person}):
                await self.ask(self.phone(name), "/tasks", "待检查", "全部接受")
                await self.press(self.phone(name), "全部接受", "待检查")

    async def check(self) -> None:
        """A checklist with a point that fails, a lead to the fire brigade, two signatures."""
        async with self.step("checklist"):
            self.visit = (await self.visits())[0]
            first = self.phone(self._inspectors()[0])
            await self.ask(first, "/tasks", "待检查", self.visit.subject.name)
            await self.press(first, self.visit.subject.name, self.visit.subject.name, "开始检查")
            code = await self.press(first, "亮码", "行政行为码")
            link = await self.phone("经营者").scans(code)
            assert isinstance(link, str)
            shown = await self.page(link.removeprefix(self.stage.register))
            assert "浙G" in shown, "the visit code does not show the certificates"
            await self.press(first, "开始检查", "到了请点")
            await self.press(first, "我已到场", "1/4")
            await self.press(first, "❌ 不符合", "发一张照片")
            await first.sends_photo(pictures.licence(), caption="执照没有挂出来，压在抽屉里")
            await first.sees("已收到，证据号", within=WAIT, button="余下全部符合")
            await self.press(first, "余下全部符合", "发现问题已责令改正", "移送线索")
        async with self.step("lead"):
            await self.press(first, "移送线索", "移送到哪里")
            await self.press(first, "消防救援", "用一句话说明")
            await self.ask(first, "疏散通道堆放 4 只气瓶，后门上锁", "将移送", "发送")
            await self.press(first, "发送", "已移送")
            await self.phone("陈刚").sees("疏散通道堆放 4 只气瓶", within=WAIT, button="签收")
        async with self.step("sign"):
            await self.press(first, "继续检查", "发现问题已责令改正", "拍签字页")
            await self._subject_signs(first)
            await self._sign()

    def _inspectors(self) -> list[str]:
        return [seat.person.name for seat in self.visit.seats if seat.person]

    async def _subject_signs(self, first: Phone) -> None:
        await self.press(first, "拍签字页", "签字页")
        await first.sends_photo(pictures.licence())
        await first.sees("签字页已收到", within=WAIT, button="签名提交")

    async def _sign(self) -> None:
        first, second = (self.phone(name) for name in self._inspectors())
        await self.press(first, "签名提交", f"等 {second.name} 确认")
        await second.sees("请您确认", within=WAIT, button="确认签名")
        await self.press(second, "确认签名", "已提交")

    async def review(self) -> None:
        """Returned once with a reason, then approved: public at once."""
        supervisor, first = self.phone("赵敏"), self.phone(self._inspectors()[0])
        async with self.step("return"):
            await supervisor.sees("压在抽屉里", within=WAIT, button="通过并公示")
            await self.press(supervisor, "退回", "要改什么")
            await self.ask(supervisor, "写明当场有没有挂上", "退回修改")
            await first.sees("写明当场有没有挂上", within=WAIT, button="打开任务")
            await self.press(first, "打开任务", "退回原因", "改答案")
            await self.press(first, "改答案", "跳到哪一项")
            await self.press(first, "1❌", "1/4")
            await self.ask(first, "1 不符合 执照压在抽屉里，已当场挂上", "已当场挂上", "拍签字页")
            await self._subject_signs(first)
            await self._sign()
        async with self.step("approve"):
            await supervisor.sees("已当场挂上", within=WAIT, button="通过并公示")
            await self.press(supervisor, "通过并公示", "已公示")
            for name in self._inspectors():
                await self.phone(name).sees("已审核通过并公示", within=WAIT)
        async with self.step("register"):
            subject = self.visit.subject
            assert subject.code in await self.page("/", q=subject.name)
            public = await self.page(f"/subjects/{subject.code}")
            assert "发现问题已责令改正" in public
            assert "抽屉" not in public, "the public reads what only the supervisor should"
            self.say(f"{self.stage.register}/subjects/{subject.code}: {subject.name} · 发现问题已责令改正")

    async def lead(self) -> None:
        """The liaison returns the lead once, then accepts it and reports the outcome."""
        sender, liaison = self.phone(self._inspectors()[0]), self.phone("陈刚")
        async with self.step("lead_back"):
            await self.press(liaison, "退回", "为什么退回")
            await self.ask(liaison, "请补充气瓶的位置", "已退回")
            await sender.sees("请补充气瓶的位置", within=WAIT, button="重新移送")
            await self.press(sender, "重新移送", "移送到哪里")
            await self.press(sender, "消防救援", "待签收")
        async with self.step("lead_done"):
            await liaison.sees("新线索", within=WAIT, button="签收")
            await self.press(liaison, "签收", "已签收，办理期限")
            await sender.sees("已签收", within=WAIT)
            await self.press(liaison, "登记结果", "结果？")
            await self.press(liaison, "立案", "立案文号")
            await self.ask(liaison, "消立字〔2026〕31号", "已办结")
            await sender.sees("消立字〔2026〕31号", within=WAIT)

    async def clock(self) -> None:
        """Three working days before the end, in the morning: reminders and the digest."""
        async with self.step("clock"):
            morning = self.stage.now().replace(hour=8, minute=1)
            self.stage.moves_to(morning.combine(official().add(self.visit.due, -3), morning.timetz()))
            self.say(str(self.words.moment(self.stage.now())))
            await self.stage.ticks()
            late = (await self.visits())[-1]
            for seat in late.seats:
                assert seat.person
                await self.phone(seat.person.name).sees("快到期", within=WAIT)
            await self.phone("赵敏").sees("📊", within=WAIT)

    async def opening(self) -> None:
        """The draw is opened, and checks out at a citizen's home."""
        supervisor = self.phone("赵敏")
        async with self.step("open"):
            await self.ask(supervisor, "/draws", "本单位的抽取", "第 1 号")
            await self.press(supervisor, "第 1 号", "抽取完成", "公开")
            await self.press(supervisor, "公开", "已公开")
        async with self.step("verify"):
            bundle = self.stage.folder / "bundle"
            bundle.mkdir()
            more = ("excluded.tsv",) if '"excluded"' in await self.page("/draws/1/commitment.json") else ()
            for name in FILES + more:
                (bundle / name).write_text(await self.page(f"/draws/1/{name}"), "utf-8", newline="")
            code, said = await self.stage.verify(bundle)
            self.say(said)
            assert code == 0, f"verify: exit code {code}"


async def tell(stage: Stage, file: Path | None, words: Words, say: Callable[[str], None] = print) -> bool:
    """Tell the story; whether all of it went well. `file` holds the subjects (None: made-up ones)."""
    began = time.monotonic()
    story = Story(stage, file, words, say)
    stage.telegram.on_line(lambda chat, line: say(f"[{chat}] {line}"))
    chapters = (
        story.prepare,
        story.directories,
        story.bindings,
        story.draw,
        story.seats,
        story.check,
        story.review,
        story.lead,
        story.clock,
        story.opening,
    )
    try:
        for chapter in chapters:
            await chapter()
    except StepFailed as failed:
        say(f"\n{failed}")
        return False
    seconds = f"{time.monotonic() - began:.0f}"
    say("\n" + words("demo.story.done", steps=story.steps, seconds=seconds).unescape())
    return True
