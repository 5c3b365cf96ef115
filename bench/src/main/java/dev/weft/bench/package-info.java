/** The program that runs the suites and reports their results. */
package dev.weft.bench;
