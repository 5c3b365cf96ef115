// Usage: node node.mjs SCRIPT CONTROL ADDRESS, where SCRIPT is weft-topics.mjs. Uses the package `ws` if there is no global WebSocket.
import { pathToFileURL } from 'node:url';
import { controlAt, run } from './checks.mjs';

const [script, control, address] = process.argv.slice(2);
const { WeftTopics } = await import(pathToFileURL(script));
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket;
console.error = () => {}; // one check wants a handler to fail
const result = await run({ WeftTopics, address, control: controlAt(control), WebSocket });
console.log(result);
process.exit(/^FAIL/m.test(result) ? 1 : 0);
