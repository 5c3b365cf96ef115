/** A client for the terminal and for pipes. */
package dev.weft.tools.connect;
