/** WebSocket frames and heads as pure functions over bytes: no I/O, no thread, no clock, no dependency. */
module dev.weft.parser {
    requires static org.jspecify;

    exports dev.weft.parser;
    exports dev.weft.parser.deflate;
    exports dev.weft.parser.http;
    exports dev.weft.parser.proxy;
}
