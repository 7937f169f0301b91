"""The demo as people start it: a process that is ready soon, shows everything, stops when told, and goes on later."""

from __future__ import annotations

import json
import os
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.conversations.conftest import free_port

PATIENCE = 60.0  # seconds, on a machine that runs all tests at once
STOPS = 5.0


def environment(folder: Path, port: int = 0) -> dict[str, str]:
    left_out = ("BOT_", "DATABASE_URL", "EVIDENCE_URL", "PUBLIC_URL", "LOG_LEVEL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"DATA_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error"}


class Demo:
    """A running demo and what it printed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.began = time.monotonic()
        self._printed = folder.parent / f"printed-{time.monotonic_ns()}"
        self.process = programs.start(("demo",), environment(folder, port), self._printed, self._printed)

    @property
    def said(self) -> str:
        """What it printed so far."""
        return self._printed.read_text("utf-8") if self._printed.exists() else ""

    def ready(self) -> tuple[str, str]:
        """The addresses of the phones and of the register, once both are printed."""
        while time.monotonic() - self.began < PATIENCE:
            found = re.findall(r"http://\S+", self.said)
            if len(found) >= 2 and self.said.endswith("\n"):
                return found[0], found[1]
            assert self.process.exitcode is None, self.said
            time.sleep(0.1)
        raise AssertionError(f"not ready within {PATIENCE} s: {self.said}")

    def stop(self) -> None:
        self.process.terminate()
        began = time.monotonic()
        self.process.join(30)
        assert programs.MEASURED or time.monotonic() - began < STOPS  # writing down what ran takes its time
        assert self.process.exitcode == 0, self.said
        assert "Traceback" not in self.said


def fetch(url: str) -> str:
    request = urllib.request.Request(url, headers={"Accept-Language": "zh-CN"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def phones_show(url: str, wanted: tuple[str, ...]) -> str:
    """What the page hears first, as soon as it holds all of this."""
    text = ""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}/events", timeout=10) as stream:
            line = stream.readline().decode()
        text = line.removeprefix("data: ")
        if all(word in text for word in wanted):
            return text
        time.sleep(0.3)
    raise AssertionError(f"the phones do not show {[word for word in wanted if word not in text]}: {text[:2000]}")


def screen(url: str) -> dict[str, list[dict[str, Any]]]:
    """The messages on the shown phones, by the name of their owner."""
    with urllib.request.urlopen(f"{url}/events", timeout=10) as stream:
        state = json.loads(stream.readline().decode().removeprefix("data: "))
    names = {phone["chat"]: phone["name"] for phone in state["frame"]["phones"]}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.values()}
    for message in state["messages"]:
        found[names[message["chat"]]].append(message)
    return found


def press(url: str, name: str, label: str, then: str, on: str = "") -> None:
    """Press the newest button with this label of a message with words on it, and see what follows."""
    before = screen(url)[name]
    message, data = next(
        (message, button["callback_data"])
        for message in reversed(before)
        for row in message.get("buttons", [])
        for button in row
        if on in message["text"] and label in button["text"] and "callback_data" in button
    )
    request = urllib.request.Request(
        f"{url}/{message['chat']}/press",
        json.dumps({"message": message["id"], "data": data, "label": label}).encode(),
        {"Content-Type": "application/json", "Origin": url.removesuffix("/phones")},
    )
    urllib.request.urlopen(request, timeout=10).close()
    sees(url, name, then, before)


def sees(url: str, name: str, words: str, before: list[dict[str, Any]]) -> None:
    """Wait for a message, new or edited, with these words on it or on its buttons."""
    end = time.monotonic() + PATIENCE
    while not any(words in json.dumps(one, ensure_ascii=False) for one in screen(url)[name] if one not in before):
        assert time.monotonic() < end, f"{name} does not see {words!r}: {screen(url)[name][-3:]}"
        time.sleep(0.2)


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[list[Demo]]:
    """Demos that are stopped whatever happens."""
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.process.kill()
        demo.process.join()


def test_the_demo_is_ready_soon_and_goes_on_after_a_restart(tmp_path: Path, demos: list[Demo]) -> None:
    port = free_port(2)
    demos.append(Demo(tmp_path / "data", port))
    phones, register = demos[-1].ready()
    assert phones == f"http://127.0.0.1:{port + 1}/phones"
    assert register == f"http://127.0.0.1:{port}/"
    assert "<title>" in fetch(phones)
    at_first = phones_show(phones, ("您被抽中检查", "可以抽取", "通过并公示", "新线索"))
    phones_show(phones, ("的任务重合，可合并为一次检查",))
    for title in ("执法人员 · 市场监管", "主管 · 市场监管", "联络员 · 消防救援"):
        assert title in at_first
    page = fetch(register)
    results = re.findall(r"/subjects/\w{18}", page)
    assert len(set(results)) >= 5
    assert "发现问题已责令改正" in page
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for name in ("commitment.json", "sealed.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv"):
        (bundle / name).write_text(fetch(f"{register}draws/1/{name}"), "utf-8", newline="")
    if "excluded" in (bundle / "commitment.json").read_text("utf-8"):
        (bundle / "excluded.tsv").write_text(fetch(f"{register}draws/1/excluded.tsv"), "utf-8", newline="")
    assert programs.run(("verify", str(bundle)), environment(tmp_path)).returncode == 0
    demos[-1].stop()

    demos.append(Demo(tmp_path / "data", port))
    again, register = demos[-1].ready()
    assert again == phones
    phones_show(phones, ("您被抽中检查", "可以抽取", "通过并公示", "新线索"))
    assert set(re.findall(r"/subjects/\w{18}", fetch(register))) == set(results)
    assert "演示城市建好了" not in demos[-1].said
    demos[-1].stop()


@pytest.mark.patient
def test_whoever_tries_it_is_not_stuck_for_want_of_the_others(tmp_path: Path, demos: list[Demo]) -> None:
    demos.append(Demo(tmp_path / "data", free_port(2)))
    phones, _ = demos[-1].ready()
    phones_show(phones, ("您被抽中检查", "可以抽取", "通过并公示", "新线索"))
    press(phones, "张伟", "逐户查看", "全部接受")
    press(phones, "张伟", "全部接受", "待检查")
    press(phones, "张伟", "1. ", "7/16")
    press(phones, "张伟", "余下全部符合", "未发现问题")
    waiting = screen(phones)["赵敏"]
    press(phones, "张伟", "签名提交", "您已签名，等")
    sees(phones, "赵敏", "待审核", waiting)
    press(phones, "赵敏", "通过并公示", "公示页")
    press(phones, "赵敏", "第 8 号抽取", "已承诺")
    press(phones, "赵敏", "抽取", "抽取完成", on="第 8 号抽取已承诺")
    press(phones, "赵敏", "下达", "怎么下达", on="第 8 号抽取完成")
    press(phones, "赵敏", "一次全部", "已下达")
    press(phones, "陈刚", "签收", "已签收", on="📨 新线索")
    press(phones, "赵敏", "重合对象", "1. ")
    press(phones, "赵敏", "1. ", "合并检查", on="的任务重合")
    waiting = screen(phones)["赵敏"]
    press(phones, "赵敏", "合并检查", "等另一方答复", on="综合查一次")
    sees(phones, "赵敏", "同意合并", waiting)
    demos[-1].stop()


@pytest.mark.patient
def test_a_taken_port_is_said_and_avoided(tmp_path: Path, demos: list[Demo]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        demos.append(Demo(tmp_path / "data", port))
        _, register = demos[-1].ready()
        assert register != f"http://127.0.0.1:{port}/"
        assert f"端口 {port} 被占用" in demos[-1].said
        demos[-1].stop()


def test_other_data_is_not_taken_for_the_city(tmp_path: Path) -> None:
    staff = tmp_path / "staff.csv"
    staff.write_text("工号,姓名,单位,区域,角色\n1,甲,义乌市市场监督管理局,义乌市,主管\n", "utf-8")
    env = environment(tmp_path / "data", free_port(2))
    assert programs.run(("import", "inspectors", str(staff)), env).returncode == 0
    refused = programs.run(("demo",), env, within=60)
    assert refused.returncode == 1
    assert "不是演示城市" in refused.stdout


def test_the_story_is_told_to_its_end(tmp_path: Path) -> None:
    told = programs.run(("demo", "--story"), environment(tmp_path / "data"), within=280)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    assert "全部走通" in told.stdout
    assert "核验通过" in told.stdout
    assert not (tmp_path / "data").exists(), "the story leaves nothing behind"
