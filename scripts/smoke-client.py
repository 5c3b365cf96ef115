"""Echo servers made with `websockets`: prints four URLs. Usage: smoke-client.py KEY_AND_CERTIFICATE."""
import asyncio
import ssl
import sys

import websockets


async def echo(ws, path):
    if path == "/extensions":
        await ws.send(", ".join(extension.name for extension in ws.extensions))
    if path == "/close":
        await ws.close(4001, "f\u00e4hrt")
        return
    try:
        async for message in ws:
            await ws.send(message)
    except websockets.ConnectionClosed:
        pass  # with another code than 1000


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    for tls in (None, context):
        for compression in (None, "deflate"):
            server = await websockets.serve(echo, "127.0.0.1", 0, ssl=tls, compression=compression,
                                            subprotocols=["chat"], max_size=2 << 20)
            port = server.sockets[0].getsockname()[1]
            kind = "deflate" if compression else "plain"
            print(f"{'wss' if tls else 'ws'}://localhost:{port}/#{kind}-python", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
