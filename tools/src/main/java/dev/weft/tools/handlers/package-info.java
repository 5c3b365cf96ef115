/** Handlers that the launcher compiles or loads while it runs. */
package dev.weft.tools.handlers;
