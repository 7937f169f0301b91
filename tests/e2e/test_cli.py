"""The command line as a person or a program uses it: the real process, its words, its exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer

from bot.cli import app
from bot.cli_help import in_words
from locales import LANGUAGES, Words
from simulator import Telegram
from tests import programs

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"

SUBJECTS = """code,name,address
91330782609786576E,义乌农商银行,浙江省义乌市福田街道城北路677号
91330782609786576e,小写,浙江省义乌市
91330783147522663T,东阳针织机械,浙江省东阳市吴宁西路
"""
STAFF = """工号,姓名,单位,区域,角色,执法证号,执法证有效期
330700021,张伟,义乌市市场监督管理局,义乌市,执法人员,浙G021,2028-12-31
"""


def bot(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot …` on an installation in a folder."""
    environment = {**os.environ, "DATA_DIR": str(folder / "data"), "BOT_TOKEN": "", "DATABASE_URL": ""}
    return programs.run(words, environment)


def test_subjects_are_imported_once(tmp_path: Path) -> None:
    file = tmp_path / "subjects.csv"
    file.write_text(SUBJECTS)
    dry = bot(tmp_path, "import", "subjects", str(file), "--dry-run", "--json")
    assert json.loads(dry.stdout)["added"] == 2
    first = bot(tmp_path, "import", "subjects", str(file), "--json")
    report = json.loads(first.stdout)
    assert (first.returncode, report["added"], report["changed"], report["unchanged"]) == (0, 2, 0, 0)
    assert [(one["row"], one["column"]) for one in report["refused"]] == [(3, "code")]
    again = json.loads(bot(tmp_path, "import", "subjects", str(file), "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 2)
    spoken = bot(tmp_path, "import", "subjects", str(file))
    assert "无变化 2，未导入 1" in spoken.stdout


def test_a_directory_is_written_out_and_comes_in_elsewhere_as_it_was(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "subjects.csv"
    here.mkdir()
    there.mkdir()
    file.write_text(SUBJECTS)
    refused = tmp_path / "refused.xlsx"
    assert bot(here, "import", "subjects", str(file), "--refused", str(refused)).returncode == 0
    assert refused.read_bytes().startswith(b"PK")
    piped = bot(here, "export", "subjects", "-").stdout
    assert bot(here, "export", "subjects", str(tmp_path / "all.xlsx"), "--json").stdout.strip() == '{"rows": 2}'
    (tmp_path / "piped.csv").write_text(piped)
    assert json.loads(bot(there, "import", "subjects", str(tmp_path / "piped.csv"), "--json").stdout)["added"] == 2
    again = json.loads(bot(there, "import", "subjects", str(tmp_path / "all.xlsx"), "--json").stdout)
    assert again == {"rows": 2, "added": 0, "changed": 0, "ended": 0, "unchanged": 2, "refused": []}


def test_an_invitation_for_somebody_known(tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(STAFF)
    assert bot(tmp_path, "import", "inspectors", str(file)).returncode == 0
    invited = bot(tmp_path, "invite", "330700021", "--json")
    assert len(json.loads(invited.stdout)["token"]) >= 32
    unknown = bot(tmp_path, "invite", "999", "--json")
    assert unknown.returncode == 1
    assert json.loads(unknown.stdout)["refused"] == "people.unknown"


def test_a_hopeless_file_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "poem.csv"
    file.write_text("春江水暖鸭先知\n")
    refused = bot(tmp_path, "import", "subjects", str(file))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr + refused.stdout
    assert refused.stderr.strip()


def test_wrong_usage_and_a_missing_token_exit_with_2(tmp_path: Path) -> None:
    assert bot(tmp_path, "import", "subjects", str(tmp_path / "missing.csv")).returncode == 2
    assert bot(tmp_path, "dance").returncode == 2
    assert bot(tmp_path, "run").returncode == 2


@pytest.mark.city
@pytest.mark.parametrize("name", ["example-drand", "example-witness"])
def test_example_bundles_verify_and_a_changed_one_does_not(tmp_path: Path, name: str) -> None:
    bundle = SHARED / "draw" / name
    if not bundle.is_dir():
        pytest.skip("the example bundles are not here")
    assert bot(tmp_path, "verify", str(bundle)).returncode == 0
    changed = tmp_path / name
    changed.mkdir()
    for path in bundle.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    pool = changed / "pool.tsv"
    pool.write_bytes(pool.read_bytes().replace(b"MA0000000", b"MA0000001", 1))
    refused = bot(tmp_path, "verify", str(changed), "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["accepted"] is False


@pytest.mark.city
def test_the_real_register_imports_as_it_is(tmp_path: Path) -> None:
    file = SHARED / "data" / "jinhua_registrations.csv.gz"
    if not file.is_file():
        pytest.skip("the real registrations are not here")
    first = json.loads(bot(tmp_path, "import", "subjects", str(file), "--json").stdout)
    assert first["rows"] == 29502
    assert first["added"] + len(first["refused"]) == 29502
    assert len(first["refused"]) == 3
    again = json.loads(bot(tmp_path, "import", "subjects", str(file), "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, first["added"])


def test_the_holidays_of_a_year_and_the_deadlines_of_an_authority(tmp_path: Path) -> None:
    staff, year = tmp_path / "staff.csv", tmp_path / "2027.json"
    staff.write_text(STAFF)
    days = [{"name": "节", "date": f"2027-{day}", "isOffDay": True} for day in ("01-01", "10-01")]
    year.write_text(json.dumps({"year": 2027, "papers": [], "days": days}))
    assert bot(tmp_path, "import", "inspectors", str(staff)).returncode == 0
    report = json.loads(bot(tmp_path, "import", "holidays", str(year), "--json").stdout)
    assert (report["added"], report["refused"]) == (2, [])
    organ = ("--organ", "义乌市市场监督管理局")
    assert "只能缩短" in bot(tmp_path, "deadlines", "set", "publication", "21", *organ).stderr
    assert bot(tmp_path, "deadlines", "set", "publication", "15", *organ).returncode == 0
    assert "公示（publication）：15 个工作日" in bot(tmp_path, "deadlines", "list", *organ).stdout
    listed = json.loads(bot(tmp_path, "deadlines", "list", "--json").stdout)
    assert (listed["publication"], listed["plan"], listed["visit"]) == (20, "03-31", None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_what_it_takes_is_explained_in_both_languages(language: str) -> None:
    words = Words(language, ZoneInfo("Asia/Shanghai"))
    told = [text for _, text in _explained(in_words(app, words), "")]
    assert len(told) > 100
    assert all(told)
    foreign = "[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}" if language == "zh_CN" else "的|不|是"
    assert [text for text in told if re.search(foreign, text)] == []


def _explained(command: Any, path: str) -> Iterator[tuple[str, str]]:
    yield path, command.help
    for one in command.get_params(typer.Context(command)):
        yield f"{path} {one.name}", one.help
    for name, below in getattr(command, "commands", {}).items():
        yield from _explained(below, f"{path} {name}")


def test_help_speaks_the_language_of_the_installation(tmp_path: Path) -> None:
    assert "检查通知书，批准之后才有" in bot(tmp_path, "export", "notice", "--help").stdout


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async with Telegram() as telegram:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            own = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": "", "PORT": str(port)}
            bot_of = {
                "BOT_TOKEN": telegram.token,
                "BOT_API_BASE_URL": telegram.api_url,
                "BOT_API_FILE_URL": telegram.file_url,
            }
            ended = await asyncio.to_thread(programs.run, ("run",), {**os.environ, **own, **bot_of})
    assert ended.returncode == 1
    assert f"端口 {port} 已被别的程序占用" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("LANGUAGE", "xx", "只能填 zh_CN 或 en"),
        ("TIMEZONE", "Mars/Base", "没有这个时区"),
        ("PROXIES", "-1", "不能小于 0"),
        ("PORT", "abc", "要填整数"),
        ("PAGE_SECONDS", "soon", "要填数字"),
        ("DATABASE_URL", "mysql://u:secret@h/x", "应以 sqlite:/// 或 postgresql:// 开头"),
        ("EVIDENCE_URL", "s3:/bucket", "应以 file:/// 或 s3:// 开头"),
        ("DRAND_RELAYS", "drand.sh", "要写成 JSON 列表"),
        ("PAGE_SECONDS", "400", "不能大于 300"),
        ("KEEP_EVIDENCE_DAYS", "1", "至少保存 1095 天"),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(tmp_path: Path, name: str, value: str, why: str) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), name: value}
    ended = programs.run(("doctor",), environment)
    assert ended.returncode == 2
    assert f"环境变量 {name} 的值不对" in ended.stderr
    assert why in ended.stderr
    assert "secret" not in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_wrong_setting_is_named_in_the_language_that_is_set(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path / "data"), "LANGUAGE": "en", "PAGE_SECONDS": "400"}
    ended = programs.run(("doctor",), environment)
    assert "PAGE_SECONDS" in ended.stderr
    assert "must be 300 or less" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x"), ("DATA_DIR", "/proc/suicha")]
)
def test_a_database_that_is_not_there_is_said_in_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    ended = programs.run(("doctor",), {**os.environ, "DATA_DIR": str(tmp_path / "data"), name: value})
    assert ended.returncode == 1
    assert "数据库连不上" in ended.stderr
    assert "secret" not in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
