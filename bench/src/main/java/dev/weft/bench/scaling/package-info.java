/** Counts the memory that loops share, and simulates the effect on a machine with many cores. */
package dev.weft.bench.scaling;
