/** How long the echo server takes to start, and what it takes of the machine. */
package dev.weft.bench.start;
