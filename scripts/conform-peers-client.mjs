// An echo client made with node's `ws`, for a fuzzing server. scripts/conform-peers installs `ws` and runs this.
import WebSocket from 'ws';

const patience = 60_000;
const base = process.argv[2];

function visit(target, echo) {
  return new Promise((resolve) => {
    let first;
    const socket = new WebSocket(base + target, { perMessageDeflate: { threshold: 0 } }); // its default is not to compress
    const timer = setTimeout(() => socket.terminate(), patience);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      first ??= data;
      if (echo) {
        socket.send(data, { binary: isBinary });
      }
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(first);
    });
  });
}

const count = Number(await visit('/getCaseCount', false));
for (let number = 1; number <= count; number++) {
  await visit(`/runCase?case=${number}&agent=ws`, true);
}
await visit('/updateReports?agent=ws', false);
