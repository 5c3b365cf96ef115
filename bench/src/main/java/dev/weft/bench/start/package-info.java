/** How long the echo server takes to start, and the resources that it uses. */
package dev.weft.bench.start;
