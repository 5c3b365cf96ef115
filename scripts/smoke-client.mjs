// Echo servers made with `ws`: prints four URLs. Usage: node smoke-client.mjs KEY_AND_CERTIFICATE. scripts/smoke-client runs it.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';

const pem = readFileSync(process.argv[2]);

for (const tls of [false, true]) {
  for (const deflate of [false, true]) {
    const server = tls ? https.createServer({ key: pem, cert: pem }) : http.createServer();
    const sockets = new WebSocketServer({
      server,
      perMessageDeflate: deflate && { threshold: 0 },
      handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
    });
    sockets.on('connection', (ws, request) => {
      if (request.url === '/extensions') ws.send(ws.extensions);
      if (request.url === '/close') ws.close(4001, 'f\u00e4hrt');
      ws.on('message', (data, binary) => ws.send(data, { binary }));
    });
    server.listen(0, '127.0.0.1', () => {
      console.log(`${tls ? 'wss' : 'ws'}://localhost:${server.address().port}/#${deflate ? 'deflate' : 'plain'}-node`);
    });
  }
}
