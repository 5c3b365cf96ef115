/** WebSocket clients: the CPU time of an echo, next to other clients. */
package dev.weft.bench.client;
