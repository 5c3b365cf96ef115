/** A load generator for echo servers. */
package dev.weft.tools.load;
