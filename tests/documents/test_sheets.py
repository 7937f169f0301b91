"""The sheets as PDF: complete, readable by programs, the same each time, and never taken in by what people wrote."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import documents
from documents import extract, notice, proof, record
from documents.wording import groups, qr_svg
from locales import LANGUAGES, Words
from rules.evidence import GRADES
from rules.leads import OUTCOMES
from tests.documents.reading import ADDRESS, HASH, content, pages, text_of, tight

ZONE = ZoneInfo("Asia/Shanghai")
NEWEST = record.Version(1, 1, HASH, ADDRESS)
HOSTILE = (
    '#read("/etc/passwd")',
    "*bold* _lean_ = head",
    "$x^2$ `code` ```typ #panic()```",
    r"\ \n \u{41} \#",
    "<label> @label // gone /* gone */ ~ --- '\"",
    '#import "@preview/cetz:0.3.0"',
    "] ) } #{ sys.inputs }",
)
FACTS = {
    "number": "330782202612011001-00012",
    "organ": "义乌市市场监督管理局",
    "subject": "义乌市稠城老街面馆",
    "address": "稠城街道工人西路12号",
    "task": "2026年餐饮抽查",
    "task_number": "330782202612011001",
    "draw": 12,
    "items": [
        {"name": "餐饮服务", "basis": "《食品安全法》第一百一十条", "content": "人员", "requirements": "负责人在场"}
    ],
    "inspectors": [{"name": "张伟", "organ": "义乌市市场监督管理局", "certificate": "浙G330700021"}],
    "day": "2026-12-08",
    "method": "on_site",
    "materials": ["食品经营许可证", "健康证明"],
    "contact": "张伟",
    "phone": "13800000000",
    "state": "approved",
    "urgent": False,
    "written_on": "2026-12-04",
    "decided_at": "2026-12-04T03:00:00+00:00",
}


def printed(language: str = "zh_CN", version: record.Version = NEWEST, **changed: object) -> bytes:
    sheet = record.sheet(content(**changed), version, Words(language, ZONE))  # type: ignore[arg-type]
    return documents.render("record", sheet, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_record_says_everything(language: str) -> None:
    text, words = text_of(printed(language, note="冷藏柜偏高")), Words(language, ZONE)
    for wanted in (
        *("义乌市稠城老街面馆", "92330782MA2E000015", "陈老板", "330782202612011001-00012", "2026年餐饮抽查"),
        *("《食品安全法》第一百一十条", "浙G330700021", "浙G330700022", "张伟", "李娜", "要点1", "要点5"),
        *("冷藏柜偏高", "10:01", HASH, ADDRESS),
        *(words(key) for key in ("paper.record.title", "result.correction", "paper.answer.no", "paper.answer.yes")),
        words.full_day(words_day(2026, 12, 22)),
    ):
        assert tight(str(wanted)) in text, wanted


def words_day(*parts: int) -> object:
    from datetime import date

    return date(*parts)


def test_a_long_record_repeats_its_heads_and_counts_its_pages() -> None:
    pdf = printed(points=30, note="冷藏柜温度偏高，经营者称昨夜停电，现场要求立即调整并销毁变质食品。" * 6)
    found = pages(pdf)
    assert len(found) >= 3
    for number, page in enumerate(found, 1):
        assert f"第{number}页，共{len(found)}页" in page
        assert HASH in page
    assert all("序号检查要点结果情况检查人" in page for page in found[:2])


def test_the_same_version_prints_the_same_bytes() -> None:
    assert printed(note="同样") == printed(note="同样")
    code = (
        "import sys; from tests.documents.test_sheets import printed; from hashlib import sha256;"
        "sys.stdout.write(sha256(printed(note='同样')).hexdigest())"
    )
    from hashlib import sha256

    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert fresh.stdout == sha256(printed(note="同样")).hexdigest()


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str) -> None:
    people = content()["inspectors"]
    people[0]["name"] = words
    subject = content()["subject"] | {"name": words}
    pdf = printed(note=words, subject=subject, inspectors=people, statement=words)
    assert text_of(pdf).count(tight(words)) >= 4
    assert "root:x" not in text_of(pdf)


def test_odd_writing_is_kept_or_named() -> None:
    note = "火🔥灾 ✅ שלום مرحبا 한국 𠮷野家 Ω é ½ \u202egnp.exe\u200b\x07 行一\n行二"
    text = text_of(printed(note=note))
    for wanted in ("火[fire]灾", "[whiteheavycheckmark]", "한국", "𠮷野家", "é", "½", "gnp.exe", "行一行二"):
        assert wanted in text, wanted
    assert "שלום" in text or "םולש" in text
    assert documents.printable("a\u202eb\ue000") == "ab[U+E000]"


def test_a_word_that_no_line_holds_is_broken_and_complete() -> None:
    word = "x" * 700 + "末"
    assert word in text_of(printed(note=word))


def test_an_older_version_says_so() -> None:
    old = text_of(printed(version=record.Version(1, 3, HASH, ADDRESS)))
    assert "这是第1版，已被第3版代替" in old
    assert "代替" not in text_of(printed())


def test_corrections_and_earlier_versions_are_listed() -> None:
    amendments = [{"at": "2026-12-09T01:00:00+00:00", "by": "李娜", "text": "第 4 项应为 6.5 ℃"}]
    earlier = [{"version": 1, "hash": HASH, "made_at": "2026-12-08T03:10:00+00:00", "replaced_because": "补上姓名"}]
    text = text_of(printed(amendments=amendments, earlier=earlier, signing={"how": "refused", "why": "老板不在"}))
    for wanted in ("第4项应为6.5℃", "2026年12月9日09:00", "补上姓名", HASH, "拒绝签字", "老板不在"):
        assert wanted in text, wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_what_the_law_asks_for(language: str) -> None:
    words = Words(language, ZONE)
    sheet = notice.sheet(FACTS, ADDRESS, words)
    text = text_of(documents.render("notice", sheet, language))
    rights = [str(words(f"web.right.{right}").unescape()) for right in notice.RIGHTS]
    wanted = ["义乌市稠城老街面馆", "《食品安全法》第一百一十条", "330782202612011001", "餐饮服务", "食品经营许可证"]
    wanted += ["负责人在场", "张伟13800000000", "浙G330700021", ADDRESS, *rights]
    assert [one for one in wanted if tight(one) not in text] == []
    assert tight(str(words("paper.notice.urgent"))) not in text
    urgent = notice.sheet(FACTS | {"urgent": True, "state": "asked", "decided_at": None}, ADDRESS, words)
    text = text_of(documents.render("notice", urgent, language))
    assert tight(str(words("paper.notice.urgent"))) in text
    assert tight(str(words("paper.notice.approval_follows"))) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proof_names_steps_and_hashes(language: str) -> None:
    at = "2026-12-08T02:10:07.123+00:00"
    step = {"at": at, "who": "张伟", "noun": "visit", "after": {}, "why": "", "place": None}
    facts = {
        "number": "330782202612011001-00012",
        "organ": "义乌市市场监督管理局",
        "person": {"name": "张伟", "staff_no": "330700021", "organ": "义乌市市场监督管理局", "certificate": "浙G1"},
        "seat": {"number": 1, "mode": "own"},
        "subject": "义乌市稠城老街面馆",
        "task": "2026年餐饮抽查",
        "task_number": "330782202612011001",
        "state": "published",
        "result": "clean",
        "draw": {"number": 12, "commitment": "7f3a00c2" * 8, "outcome": "c20000aa" * 8},
        "steps": [
            step | {"verb": "answer", "after": {"1": "yes", "10": "yes", "2": "yes", "3": "no"}, "why": "过期"},
            step | {"verb": "attach", "after": {"sha256": HASH, "point": 3}, "place": 48213},
            step | {"verb": "a_verb_to_come", "who": ""},
        ],
        "chain": {
            "place": 48214,
            "hash": "5eed" * 16,
            "root": {"day": "2026-12-08", "sequence": 48377, "hash": "9d00" * 16, "signature": "ab12" * 32},
        },
        "evidence": [{"number": 1, "kind": "photo", "by": "张伟", "at": at, "sha256": HASH}],
        "records": [{"version": 1, "made_at": at, "hash": "beefbeef" * 8, "token": "tokentoken"}],
        "made_at": at,
    }
    sheet = proof.sheet(facts, "https://suicha.example", Words(language, ZONE))
    text = text_of(documents.render("proof", sheet, language))
    wanted = ["330700021", "7f3a00c2" * 8, "c20000aa" * 8, HASH, "beefbeef" * 8, "2026-12-0810:10:07", "过期"]
    wanted += ["48213", "5eed" * 16, "9d00" * 16, "ab12" * 32, "https://suicha.example/journal.json"]
    wanted += ["https://suicha.example/draws/12", "https://suicha.example/records/tokentoken", "a_verb_to_come"]
    assert [one for one in wanted if one not in text] == []
    assert ("1、2、10：符合" if language == "zh_CN" else "1,2,10:Yes") in text


def test_fonts_come_with_the_paper() -> None:
    pdf = printed()
    assert b"NotoSansCJKtc-Regular" in pdf
    assert b"/FontFile" in pdf
    assert json.dumps(groups(HASH)).count(" ") == 7
    assert qr_svg(ADDRESS).startswith("<svg")


def test_only_our_templates_and_languages() -> None:
    for template, language in (("../../etc/passwd", "zh_CN"), ("record", "fr")):
        with pytest.raises(ValueError, match="no template"):
            documents.render(template, {}, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_extract_tells_public_facts_and_how_to_check_them(language: str) -> None:
    words = Words(language, ZONE)
    entry = {"list": "abnormal", "ground": "unreachable", "on": "2026-12-01", "organ": "义乌市市场监督管理局"}
    found = [{"on": "2026-11-08", "result": "correction", "task": HOSTILE[0], "organ": "义乌市消防救援大队"}]
    facts = {
        "subject": {"code": "92330782MA2TEST001", "name": HOSTILE[1], "kind": "individual", "status": "active",
                    "area": "义乌市", "address": "工人西路12号"},
        "checks": 31, "clean": 30, "results": found, "lists": [entry], "as_of": "2026-12-18",
    }  # fmt: skip
    given = extract.Given(
        "联席会议办公室", "20261218-000012", datetime(2026, 12, 18, 2, 3, tzinfo=UTC), ADDRESS, "https://r"
    )
    text = text_of(documents.render("extract", extract.sheet(facts, given, words), language))
    wanted = ["92330782MA2TEST001", HOSTILE[0], HOSTILE[1], "20261218-000012", ADDRESS, "https://r/subjects/9233", "31"]
    wanted += [words.full_day(date(2026, 12, 1)), str(words("result.unreachable")), str(words("result.correction"))]
    assert [one for one in wanted if tight(one) not in text] == []
    assert tight(str(words("paper.extract.not_clean", day=words.full_day(date(2026, 12, 18))))) in text
    clean = extract.sheet({**facts, "checks": 0, "clean": 0, "results": [], "lists": []}, given, words)
    text = text_of(documents.render("extract", clean, language))
    assert text.count(tight(str(words("paper.extract.not_listed")))) >= 2
    assert tight(str(words("paper.extract.no_checks"))) in text


def recorded() -> set[str]:
    """The acts on visits and draws that the actions write into the journal, as far as they are named there."""
    found = set()
    for path in (Path(documents.__file__).parents[1] / "actions").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                words = [one.value for one in call.args if isinstance(one, ast.Constant)]
                if ast.unparse(call.func).endswith("record") and len(words) == 2 and words[1] in ("visit", "draw"):
                    found.add(f"{words[1]}.{words[0]}")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_a_proof_and_every_grade_of_evidence_has_words(language: str) -> None:
    words, steps = Words(language, ZONE), recorded()
    assert {"visit.subject_signs", "visit.accept", "visit.freeze", "draw.void"} <= steps
    assert len(steps) > 30
    steps |= {f"visit.{kind}" for kind in ("recusal", "subject", "leave", "decline", "certificate", "inactive")}
    steps |= {f"visit.{act}_{kind}" for act in ("propose", "refuse") for kind in ("withhold", "correct", "withdraw")}
    steps |= {"visit.correct", "visit.withdraw"}
    catalogue = (Path(documents.__file__).parents[1] / "locales" / language / "leads.po").read_text()
    of_leads = {f"lead.{line.split('.')[2]}" for line in catalogue.split('"') if line.startswith("lead.step.")}
    steps |= of_leads - {"lead.visit", "lead.resolve"} | {f"lead.resolve.{outcome}" for outcome in OUTCOMES}
    assert [one for one in sorted(steps) if not words.has(f"paper.step.{one}")] == []
    assert [one for one in GRADES if not words.has(f"paper.grade.{one}")] == []


def test_each_part_of_a_signature_is_named() -> None:
    at = "2026-12-08T02:40:00+00:00"
    refused = {"how": "refused", "why": "老板不肯", "witness": "李四", "sha256": HASH, "at": at, "seen": HASH}
    text = text_of(printed(signing=refused))
    for wanted in (
        "拒绝签字；2026年12月8日 10:40；原因：老板不肯；见证人：李四",
        f"影像摘要 {HASH}",
        f"所签内容摘要 {HASH}",
    ):
        assert tight(wanted) in text
    scanned = {"how": "scan", "name": "陈老板", "said": "无异议", "at": at, "seen": HASH}
    assert tight("扫码确认；2026年12月8日 10:40；签名人：陈老板；意见：无异议") in text_of(printed(signing=scanned))
