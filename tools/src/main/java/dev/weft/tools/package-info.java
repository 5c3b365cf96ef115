/** One command line for all programs. */
package dev.weft.tools;
