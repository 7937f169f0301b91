"""The one place where pictures are opened: a process of its own, a picture at a time, killed if it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger("darkroom")

WITHIN = 15.0  # seconds for one picture
PIECE = 256 << 10  # bytes that are handed over at once
ROOT = Path(__file__).parent.parent


def is_picture(data: bytes) -> bool:
    """Whether bytes begin as one of the formats that are looked into, whatever they are called."""
    heif = data[4:8] == b"ftyp" and data[8:12] in (
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"
    )  # fmt: skip
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or webp or heif


class Darkroom:
    """Opens pictures elsewhere (`bot.pictures`), so that none can break, block or starve the product."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def inspect(self, data: bytes, *, as_file: bool, codes: bool = False) -> tuple[dict[str, Any], bytes]:
        """What a picture says, as `bot.pictures.inspect` tells it; `evidence.broken` if its reader dies of it."""

        async def bytes_of_it() -> AsyncIterable[bytes]:
            yield data

        request = {"do": "inspect", "size": len(data), "as_file": as_file, "codes": codes}
        answer = await self._ask(request, bytes_of_it())
        return answer or ({"refused": "evidence.broken"}, b"")

    async def sheet(self, tiles: Sequence[dict[str, Any]], pictures: AsyncIterable[bytes]) -> bytes:
        """A contact sheet as JPEG: tiles are label and doubtful, pictures their bytes in the same order; or b""."""

        async def with_sizes() -> AsyncIterable[bytes]:
            async for picture in pictures:
                yield len(picture).to_bytes(8, "big")
                yield picture

        answer = await self._ask({"do": "sheet", "tiles": list(tiles)}, with_sizes(), len(tiles))
        return answer[1] if answer else b""

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # process.kill() may reap it, and then asyncio misses it
        await process.communicate()

    async def _ask(
        self, request: dict[str, Any], pieces: AsyncIterable[bytes], pictures: int = 1
    ) -> tuple[dict[str, Any], bytes] | None:
        """Ask, once nobody else does; None if the process dies of it or takes too long."""
        async with self._one_at_a_time:
            answered = False
            try:
                async with asyncio.timeout(WITHIN * max(1, pictures)):
                    process = await self._running()
                    assert process.stdin
                    assert process.stdout
                    process.stdin.write(json.dumps(request).encode() + b"\n")
                    async for piece in pieces:
                        for start in range(0, len(piece), PIECE):
                            process.stdin.write(memoryview(piece)[start : start + PIECE])
                            await process.stdin.drain()
                    facts = json.loads(await process.stdout.readline())
                    data = await process.stdout.readexactly(facts.pop("size"))
                answered = True
                return facts, data
            except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
                log.warning("a picture broke its reader", error=type(error).__name__)
                return None
            finally:
                if not answered:  # also when we are cancelled: half an answer would be taken for the next one's
                    await self.close()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            await self.close()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.pictures",
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        return self._process
