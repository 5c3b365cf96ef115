package dev.weft.tools.connect;

/** How messages are written to standard output, and read from standard input. */
enum Form {
    /** Each line is a text message; binary messages are written unchanged, with a line end after them. */
    LINES,
    /** All bytes are written unchanged, and nothing is added; input is sent in binary messages. */
    BINARY,
    /** Each line is a message in base64; input is sent in binary messages. */
    BASE64
}
