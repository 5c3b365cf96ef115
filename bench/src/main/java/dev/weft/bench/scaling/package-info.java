/** What the loops share, counted; and what that would mean for a machine with many cores, simulated. */
package dev.weft.bench.scaling;
