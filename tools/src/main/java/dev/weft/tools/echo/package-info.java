/** The echo launcher: a server to try clients against, on the command line and in a browser. */
package dev.weft.tools.echo;
