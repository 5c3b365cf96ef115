package dev.weft.tools.connect;

/** How messages are written to standard output, and read from standard input. */
enum Form {
    /** Each line is a text message; binary messages are written as they are, with a line's end after them. */
    LINES,
    /** All bytes as they are, nothing added; what is read is sent in binary messages. */
    BINARY,
    /** Each line is a message in base64; what is read is sent in binary messages. */
    BASE64
}
