"""Speaks the subprotocol of topics with Python's websockets. Usage: interop.py ADDRESS. Prints "all is well" at the end."""

import asyncio
import json
import sys

import websockets

SUBPROTOCOL = "v1.topics.weft.dev"
address = sys.argv[1]


def connect(user):
    return websockets.connect(f"{address}?user={user}", subprotocols=[SUBPROTOCOL], max_size=None)


async def receive(ws):
    return json.loads(await asyncio.wait_for(ws.recv(), 20))


async def ask(ws, **request):
    await ws.send(json.dumps(request, ensure_ascii=False))
    return await receive(ws)


async def closes_with(code, message):
    async with connect("mallory") as ws:
        await ws.send(message)
        try:
            while True:
                await receive(ws)
        except websockets.ConnectionClosed:
            assert ws.close_code == code, (code, ws.close_code, ws.close_reason)


async def main():
    async with connect("ann") as ann, connect("bob") as bob:
        assert ann.subprotocol == SUBPROTOCOL, ann.subprotocol
        subscribed = await ask(ann, type="subscribe", id=1, topic="py/1")
        assert subscribed["type"] == "subscribed" and subscribed["id"] == 1 and subscribed["messages"] == 0, subscribed
        payloads = [{"text": "Grüße 🧵"}, [1, 2.5, None, True], "x" * 60_000, 0]
        positions = []
        for number, payload in enumerate(payloads, 1):
            positions.append((await ask(bob, type="publish", id=number, topic="py/1", data=payload))["position"])
        for position, payload in zip(positions, payloads):
            message = await receive(ann)
            assert message == {"type": "message", "topic": "py/1", "position": position, "data": payload}, message

        # What was missed, exactly.
        recovered = await ask(bob, type="subscribe", id=9, topic="py/1", since=positions[1])
        assert recovered["recovered"] is True and recovered["messages"] == 2, recovered
        assert [(await receive(bob))["position"] for _ in range(2)] == positions[2:]
        present = await ask(bob, type="presence", id=10, topic="py/1")
        assert present["members"] == ["ann", "bob"], present

        # Errors leave the connection as it is.
        assert (await ask(ann, type="subscribe", id=2, topic="secret/1"))["code"] == "not_authorized"
        assert (await ask(ann, type="subscribe", id=3, topic="py/1", colour="red"))["code"] == "invalid"
        assert await ask(ann, type="ping", id=4) == {"type": "pong", "id": 4}

    await closes_with(1007, '{"type":"ping","id":1,"id":2}')
    await closes_with(1007, json.dumps({"type": "publish", "topic": "a", "data": "\ud800"}))
    await closes_with(1003, b"{}")
    await closes_with(1009, '"' + "x" * 70_000 + '"')
    print("all is well")


asyncio.run(main())
