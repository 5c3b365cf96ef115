package dev.weft.internal.http;

import dev.weft.internal.receive.InboundBuffer;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.ResponseHead;
import dev.weft.parser.http.ResponseHeadParser;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** Reads one response. Used by the thread that sent the request. */
public final class ResponseReader {
    /** RFC 9110 §15.2: a server may send any number of interim responses; none needs more than this. */
    private static final int MOST_INTERIM = 8;
    private static final int LONGEST_CHUNK_LINE = 256;
    private static final int HEXADECIMAL = 16;

    private final InboundBuffer input;
    private final HttpLimits limits;
    /** The position of the next byte in the input's region. */
    private int at;

    /** A reader of the next response of this input. */
    public ResponseReader(InboundBuffer input, HttpLimits limits) {
        this.input = input;
        this.limits = limits;
    }

    /** The position in the input's region of the first byte after those that were read. */
    public int offset() {
        return at;
    }

    /** Waits for the head of the response. Interim responses before it are skipped. */
    public ResponseHead readHead() throws IOException, HttpHeadException {
        for (int i = 0; i <= MOST_INTERIM; i++) {
            ResponseHead head = readOneHead();
            if (!head.isInterim()) {
                return head;
            }
        }
        throw new IOException("more than " + MOST_INTERIM + " interim responses");
    }

    private ResponseHead readOneHead() throws IOException, HttpHeadException {
        ResponseHeadParser parser = new ResponseHeadParser(limits);
        int end = -1;
        while (end < 0) {
            requireByte();
            end = parser.parse(input.array(), at, input.length());
            at = end < 0 ? input.length() : end;
        }
        return parser.head();
    }

    /**
     * Waits for the body (RFC 9112 §6.3), and returns as much of its beginning as arrives: an error only ends the reading.
     *
     * @param most the maximum number of bytes
     */
    public byte[] readBody(ResponseHead head, int most) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            readBody(head, body, most);
        } catch (IOException e) {
            // The body so far says more than this exception.
        }
        return body.toByteArray();
    }

    /**
     * Waits for the body of the response to a request that was not HEAD (RFC 9112 §6.3).
     *
     * @param most the maximum number of bytes; further ones are not read
     * @throws IOException if the body is malformed or cut off; the target then has its beginning
     */
    public void readBody(ResponseHead head, ByteArrayOutputStream body, int most) throws IOException {
        List<String> codings = head.headers().tokens("Transfer-Encoding");
        String length = head.headers().first("Content-Length").orElse("");
        if (head.status() < 200 || head.status() == 204 || head.status() == 304) {
            return;
        }
        if (!codings.isEmpty() && codings.getLast().toLowerCase(Locale.ROOT).equals("chunked")) {
            readChunks(body, most);
        } else if (codings.isEmpty() && length.matches("[0-9]{1,18}")) {
            read(body, Long.parseLong(length), most);
        } else {
            readToEnd(body, most);
        }
    }

    private void readToEnd(ByteArrayOutputStream body, int most) throws IOException {
        while (body.size() < most && hasByte()) {
            read(body, input.length() - at, most);
        }
    }

    /** Reads this number of bytes, or as many as fit. */
    private void read(ByteArrayOutputStream body, long length, int most) throws IOException {
        long left = Math.min(length, most - body.size());
        while (left > 0) {
            requireByte();
            int count = (int) Math.min(left, input.length() - at);
            body.write(input.array(), at, count);
            at += count;
            left -= count;
        }
    }

    /** RFC 9112 §7.1. */
    private void readChunks(ByteArrayOutputStream body, int most) throws IOException {
        long size = chunkSize(readLine());
        while (size > 0 && body.size() < most) {
            read(body, size, most);
            size = body.size() < most && readLine().isEmpty() ? chunkSize(readLine()) : 0;
        }
    }

    private static long chunkSize(String line) throws IOException {
        int extension = line.indexOf(';');
        String digits = (extension < 0 ? line : line.substring(0, extension)).trim();
        if (!digits.matches("[0-9a-fA-F]{1,8}")) {
            throw new IOException("not the size of a chunk");
        }
        return Long.parseLong(digits, HEXADECIMAL);
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < LONGEST_CHUNK_LINE; i++) {
            requireByte();
            char c = (char) (input.array()[at++] & 0xFF);
            if (c == '\n') {
                return line.toString();
            } else if (c != '\r') {
                line.append(c);
            }
        }
        throw new IOException("a line of chunked coding that is too long");
    }

    /** Waits until there is a byte in the region. */
    private void requireByte() throws IOException {
        if (!hasByte()) {
            throw new EOFException("the server ended the connection before its response was complete");
        }
    }

    /** Waits until there is a byte in the region. Returns false at the end of the bytes. */
    private boolean hasByte() throws IOException {
        if (at < input.length()) {
            return true;
        }
        at = 0;
        return input.fill();
    }
}
