"""Checks servers with rates by the client of `websockets`. Usage: smoke-rates.py ECHO_URL SHARED_URL; see smoke-rates.mjs."""
import asyncio
import os
import sys
import time

import websockets

ECHO, SHARED = sys.argv[1:]
RATE = 200_000  # of a connection, per second
TOTAL = 1_000_000
MESSAGES = 40
SIZE = 25_000
FILES = 3
WARM_UP = 3
SECONDS = 10


async def send_and_receive():
    async with websockets.connect(ECHO + "/", compression=None) as ws:
        sent = [os.urandom(SIZE) for _ in range(MESSAGES)]

        async def send():
            for message in sent:
                await ws.send(message)

        sending = asyncio.create_task(send())
        received = [await ws.recv() for _ in sent]
        await sending
        assert sent == received, "what came back is what was sent"


async def check_throttling():
    begin = time.monotonic()
    await asyncio.gather(*(send_and_receive() for _ in range(3)))
    seconds = time.monotonic() - begin
    least = MESSAGES * SIZE / RATE - 1  # as much as one second allows passes at once
    assert least <= seconds < 3 * least, f"{seconds} s instead of {least} s or somewhat more"
    print(f"ok websockets: 3 connections, {MESSAGES * SIZE} bytes each in both directions in {seconds:.1f} s")


async def count(path, counts):
    async with websockets.connect(SHARED + path) as ws:
        number = 0
        async for message in ws:
            assert int.from_bytes(message[:4], "big") == number, "no message is missing"
            number += 1
            counts[path] += len(message) + 4


async def check_shares():
    counts = {"/live": 0, "/files": 0}
    tasks = [asyncio.create_task(count(path, counts)) for path in ["/live"] + ["/files"] * FILES]
    await asyncio.sleep(WARM_UP)
    before = dict(counts)
    await asyncio.sleep(SECONDS)
    live, files = ((counts[path] - before[path]) / SECONDS for path in ("/live", "/files"))
    assert not any(task.done() for task in tasks), "nobody is disconnected"
    assert abs(live + files - TOTAL) < TOTAL / 8, f"{live + files} bytes per second in all"
    assert 0.65 * TOTAL < live < 0.8 * TOTAL, f"/live gets {live} bytes per second"
    print(f"ok websockets: 1 connection of /live gets {live:.0f} bytes per second, {FILES} of /files get {files:.0f}")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def main():
    await check_throttling()
    await check_shares()


asyncio.run(main())
