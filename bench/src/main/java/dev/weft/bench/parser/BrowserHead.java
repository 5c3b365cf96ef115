package dev.weft.bench.parser;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The request of an opening handshake as browsers send it, and ways to read it. */
final class BrowserHead {
    private static final String HEAD = """
            GET /chat/room?id=42&lang=en HTTP/1.1
            Host: chat.example.com
            Connection: Upgrade
            Pragma: no-cache
            Cache-Control: no-cache
            User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36
            Upgrade: websocket
            Origin: https://chat.example.com
            Sec-WebSocket-Version: 13
            Accept-Encoding: gzip, deflate, br, zstd
            Accept-Language: en-GB,en;q=0.9,de;q=0.8
            Cookie: session=4f1c2a9b7e6d5c3b2a190817161514131211100f; theme=dark
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits

            """;

    private BrowserHead() {}

    /** The request's bytes on the wire. */
    static byte[] bytes() {
        return HEAD.replace("\n", "\r\n").getBytes(ISO_8859_1);
    }

    static RequestHead byWeft(byte[] bytes) throws HttpHeadException {
        var parser = new RequestHeadParser(HttpLimits.DEFAULT);
        parser.parse(bytes, 0, bytes.length);
        return parser.head();
    }

    /** The headers by their names in lower case; the request line is stored under "". */
    static Map<String, String> split(byte[] bytes) {
        String[] lines = new String(bytes, ISO_8859_1).split("\r\n");
        Map<String, String> headers = new HashMap<>();
        headers.put("", lines[0]);
        for (int i = 1; i < lines.length; i++) {
            String[] field = lines[i].split(":", 2);
            headers.put(field[0].toLowerCase(Locale.ROOT), field[1].trim());
        }
        return headers;
    }
}
