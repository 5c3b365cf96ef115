package dev.weft.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** Reads the response to a handshake from a server that is known to follow the protocol. */
final class ResponseParts {
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final int READ_SIZE = 8192;
    private static final int MAX_SIZE = 1 << 24;

    private final Transport transport;
    private final TimeLimit limit;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    private ResponseParts(Transport transport, Duration longest) {
        this.transport = transport;
        this.limit = TimeLimit.in(longest);
    }

    /** Waits for the response, at most for this duration; an {@link AssertionError} says what was received instead. */
    static TestResponse read(Transport transport, Duration longest) throws IOException {
        return new ResponseParts(transport, longest).read();
    }

    private TestResponse read() throws IOException {
        int end = -1;
        while (end < 0) {
            if (!more()) {
                throw new AssertionError("the server closed the connection before its response was complete: \""
                        + received.toString(ISO_8859_1) + "\"");
            }
            end = received.toString(ISO_8859_1).indexOf(END_OF_HEAD);
        }
        String[] lines = received.toString(ISO_8859_1).substring(0, end).split("\r\n");
        int status = Integer.parseInt(lines[0].split(" ")[1]);
        Headers.Builder builder = Headers.builder();
        for (String line : Arrays.copyOfRange(lines, 1, lines.length)) {
            int colon = line.indexOf(':');
            builder.add(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        Headers headers = builder.build();
        int from = end + END_OF_HEAD.length();
        if (status != 101) {
            int length = headers.first("Content-Length").map(Integer::parseInt).orElse(MAX_SIZE);
            while (received.size() - from < length && more()) {}
        }
        byte[] all = received.toByteArray();
        return new TestResponse(status, headers, Arrays.copyOfRange(all, from, all.length));
    }

    private boolean more() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(READ_SIZE);
        int count = transport.read(buffer, limit);
        if (count == 0) {
            throw new AssertionError("the server's response was not complete in time: \""
                    + received.toString(ISO_8859_1) + "\"");
        }
        if (count > 0) {
            received.write(buffer.array(), 0, count);
        }
        return count > 0 && received.size() <= MAX_SIZE;
    }
}
