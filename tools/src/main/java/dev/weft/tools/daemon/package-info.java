/** Servers that run in the background, and the commands that control them. */
package dev.weft.tools.daemon;
