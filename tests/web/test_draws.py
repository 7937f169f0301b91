"""The draws as the public sees them: gaps in red, files byte for byte, nothing of what is sealed."""

import asyncio
import json
import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import ClientError
from sqlalchemy import text

from actions import register_draws
from models.database import Database
from models.draws import Draw, DrawFile
from rules import draw as rules
from tests.web.city import CERTIFICATE, NOW, POOL, Client, read, serve

SOURCE = Path(rules.__file__).read_bytes()
BUNDLE = Path(__file__).parents[3] / "shared" / "draw" / "example-witness"
SEALED_FILES = ("certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv", "excluded.tsv")


async def test_index_shows_states_and_gaps(client: Client) -> None:
    page = await read(client, "/draws")
    numbers = [int(number) for number in re.findall(r'class="place">第 (\d+) 号抽取', page)]
    assert numbers == [6, 5, 4, 3, 2, 1]
    gap = page[page.index("第 4 号抽取") : page.index("第 3 号抽取")]
    assert 'class="pill gap">缺号' in gap
    assert "应当说明原因" in gap
    late = page[page.index("第 5 号抽取") : page.index("第 4 号抽取")]
    assert "逾期未公开" in late
    assert "2026年3月30日" in late  # 20 working days after 2 March
    assert "作废原因：对象库录入有误" in page[page.index("第 3 号抽取") : page.index("第 2 号抽取")]
    sealed = page[page.index("第 2 号抽取") : page.index("第 1 号抽取")]
    assert "已抽取，封存中" in sealed
    assert "2026年12月8日 10:21 抽取，结果封存至2027年1月15日" in sealed
    waiting = page[page.index("第 6 号抽取") : page.index("第 5 号抽取")]
    assert "2026年12月8日 10:21 承诺" in waiting
    assert "还没有抽取；结果应当不晚于2027年1月15日公开" in waiting
    assert "2026年12月8日 10:21 公开" in page[page.index("第 1 号抽取") :]


async def test_alarms_stand_above_the_list(client: Client, database: Database) -> None:
    page = await read(client, "/draws")
    above = page[: page.index("第 6 号抽取")]
    assert '缺少的编号： <a href="/draws/4">4</a></p>' in above
    assert '到期仍未公开的抽取： <a href="/draws/5">5</a></p>' in above
    assert 'href="/draws/audit"' in above
    async with database.write() as session:
        await session.execute(text("UPDATE draws SET sequence = 120 WHERE id = 6"))
        await session.execute(text("UPDATE draws SET sequence = sequence + 1 WHERE id = 5"))
        await session.execute(text("UPDATE draws SET state = 'void' WHERE id = 5"))
    above = (await read(client, "/draws")).split("第 120 号抽取")[0]
    assert '<a href="/draws/4">4–5</a>，<a href="/draws/7">7–119</a>' in above
    assert "到期仍未公开" not in above


async def test_a_missing_number_is_an_alarm(client: Client) -> None:
    page = await read(client, "/draws/4", 404)
    assert 'class="note alarm">缺号：没有第 4 号抽取的记录' in page
    assert "公示机关" in page
    commitment = await (await client.get("/draws/5/commitment.json")).json()
    assert commitment["previous"] in page
    assert "Missing number: there is no record of draw no. 4" in await read(client, "/draws/4?lang=en", 404)


@pytest.mark.parametrize("number", [7, 99, 999999999])
async def test_a_number_to_come_is_no_alarm(client: Client, number: int) -> None:
    page = await read(client, f"/draws/{number}", 404)
    assert f"第 {number} 号还没有抽取" in page
    assert "最新的是第 6 号" in page
    assert "alarm" not in page


async def test_index_goes_on_by_number(client: Client, database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE draws SET sequence = 120 WHERE id = 6"))
    page = await read(client, "/draws")
    assert page.count('class="pill gap"') == 49
    assert "/draws?before=71" in page
    page = await read(client, "/draws?before=7")
    assert "第 6 号抽取" in page
    assert "第 7 号抽取" not in page


async def test_an_opened_draw_shows_all(client: Client) -> None:
    page = await read(client, "/draws/1")
    commitment = await (await client.get("/draws/1/commitment.json")).read()
    for words in (
        "1,284",
        "联席会议办公室",
        "20261201-4471",
        sha256(commitment).hexdigest(),
        sha256(CERTIFICATE).hexdigest(),
    ):
        assert words in page
    assert '"kind":"leave"' in page
    assert "检查人员请假，席位补抽" in page
    drawn = page[page.index("抽中的对象") :]
    assert "义乌市稠城老街面馆" in drawn
    assert "发现问题已责令改正" in drawn
    assert "结果尚未公示" in drawn
    assert "欧阳**" in drawn


async def test_a_sealed_draw_hides_its_outcome(client: Client) -> None:
    page = await read(client, "/draws/2")
    assert "封存至2027年" in page
    assert "暂定" in page
    assert "内容在公开时一并公布" in page
    assert '"kind"' not in page
    assert "抽中的对象" not in page
    for name in SEALED_FILES:
        assert "这份文件还在封存" in await read(client, f"/draws/2/{name}", 404)


async def test_a_committed_draw_and_a_void_one(client: Client) -> None:
    assert "还没有抽取" in await read(client, "/draws/6/sealed.json", 404)
    page = await read(client, "/draws/6")
    assert "第 20791007 轮" in page
    assert "与上一号的承诺对不上" not in await read(client, "/draws/3")
    assert "与上一号的承诺对不上" in await read(client, "/draws/5")  # number 4 is missing
    assert "作废原因：对象库录入有误" in await read(client, "/draws/3")
    assert "已作废" in await read(client, "/draws/3/pool.tsv", 404)
    assert "等待中" in await read(client, "/draws/5")


async def test_files_are_the_bytes_that_were_frozen(client: Client) -> None:
    response = await client.get("/draws/1/pool.tsv")
    assert await response.read() == b"\n".join(POOL)
    assert response.headers["Content-Length"] == str(len(b"\n".join(POOL)))
    assert response.headers["Content-Disposition"] == 'attachment; filename="pool.tsv"'
    assert await (await client.get("/draws/1/recusals.tsv")).read() == b""
    assert (await client.get("/draws/1/excluded.tsv")).status == 404
    assert await (await client.get("/draws/1/certificate.json")).read() == CERTIFICATE
    head = await client.head("/draws/1/pool.tsv")
    assert head.headers["Content-Length"] == response.headers["Content-Length"]
    for number in (1, 2):
        commitment = await (await client.get(f"/draws/{number}/commitment.json")).read()
        seal = await (await client.get(f"/draws/{number}/sealed.json")).read()
        told = {"commitment": sha256(commitment).hexdigest(), "outcome": sha256(CERTIFICATE).hexdigest()}
        assert seal == rules.canonical({**told, "entropy": json.loads(CERTIFICATE)["entropy"]})


@pytest.mark.parametrize(
    "address",
    [
        "/draws/4/pool.tsv",
        "/draws/99/commitment.json",
        "/draws/0",
        "/draws/99999999999999999999",
        "/draws/1/secret",
        "/draws/1/..%2f..%2fpyproject.toml",
        "/draws/x",
    ],
)
async def test_what_is_not_there(client: Client, address: str) -> None:
    assert "没有找到这一页" in await read(client, address, 404)


async def test_the_checker_is_the_program_that_draws(client: Client) -> None:
    response = await client.get("/draws/draw.py")
    assert await response.read() == SOURCE
    assert "python draw.py" in await read(client, "/draws/check")


async def test_a_table_that_breaks_off_does_not_look_whole(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> bytes:
        raise RuntimeError("disk")

    monkeypatch.setattr(register_draws, "part", breaks)
    with pytest.raises(ClientError):
        await (await client.get("/draws/1/pool.tsv")).read()


async def test_no_draws_yet(database: Database) -> None:
    client = await serve(database)
    assert "还没有抽取" in await read(client, "/draws")
    assert "还没有抽取" in await read(client, "/draws/1", 404)
    assert "还没有公示的结果" in await read(client, "/")
    await client.close()


async def test_a_citizen_downloads_and_checks(client: Client, database: Database, tmp_path: Path) -> None:
    if not BUNDLE.is_dir():
        pytest.skip("the example bundles are not here")
    await put_bundle(database)
    folder = tmp_path / "download"
    folder.mkdir()
    page = await read(client, "/draws/7")
    for name in re.findall(r'href="/draws/7/([a-z.]+)" download', page):
        (folder / name).write_bytes(await (await client.get(f"/draws/7/{name}")).read())
    (folder / "draw.py").write_bytes(await (await client.get("/draws/draw.py")).read())
    assert "VERIFIED" in await check(folder)
    changed = (folder / "pool.tsv").read_bytes().replace(b"\t1\t", b"\t2\t", 1)
    (folder / "pool.tsv").write_bytes(changed)
    assert "REFUSED" in await check(folder)


async def put_bundle(database: Database) -> None:
    files = {path.name: path.read_bytes() for path in BUNDLE.iterdir()}
    async with database.write() as session:
        session.add(
            Draw(
                id=7,
                sequence=7,
                task_id=1,
                state="opened",
                commitment=files["commitment.json"],
                certificate=files["certificate.json"],
                secret=b"",
                pool_key=b"",
                committed_at=NOW,
                drawn_at=NOW,
                opened_at=NOW,
                supervisor_id=3,
            )
        )
        await session.flush()
        for name in [name for name in files if name.endswith(".tsv")]:
            rows = files[name].split(b"\n")
            for part, start in enumerate(range(0, len(rows), 7)):
                piece = b"\n".join(rows[start : start + 7])
                session.add(DrawFile(draw_id=7, name=name, part=part, body=piece))


async def check(folder: Path) -> str:
    """What the downloaded program says, in an interpreter that has nothing but the standard library."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(folder / "draw.py"), str(folder)),
        env={"PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await program.communicate()
    return said.decode()
