/** Counts what the loops share, and simulates what that means for a machine with many cores. */
package dev.weft.bench.scaling;
