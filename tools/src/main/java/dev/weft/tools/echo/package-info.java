/** The echo launcher: a server for trying out clients, on the command line and in a browser. */
package dev.weft.tools.echo;
