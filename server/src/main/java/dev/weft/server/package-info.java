/** The server: its settings, its policy for handshakes, its handlers. */
package dev.weft.server;
