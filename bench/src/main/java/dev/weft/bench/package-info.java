/** The program that runs the suites and reports what they find. */
package dev.weft.bench;
