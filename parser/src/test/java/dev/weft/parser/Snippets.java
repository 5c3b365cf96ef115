package dev.weft.parser;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The examples that the javadoc shows; {@link SnippetsTest} runs them. */
final class Snippets {
    private Snippets() {}

    static void parse(InputStream in, OutputStream text) throws IOException, ProtocolViolationException {
        // @start region="parse"
        var parser = new FrameParser(Role.SERVER, 1 << 20);
        byte[] buffer = new byte[16_384];
        for (int n; (n = in.read(buffer)) > 0;) {
            parser.feed(buffer, 0, n);
            FrameParser.Event event;
            while ((event = parser.next()) != FrameParser.Event.NEED_INPUT) {
                switch (event) {
                    case FRAME, PAYLOAD -> text.write(parser.array(), parser.payloadOffset(), parser.payloadLength());
                    default -> {} // parser.opcode(), parser.fin() … from FRAME_START to FRAME_END
                }
            }
        }
        // @end
    }

    static void write(OutputStream out, byte[] large) throws IOException {
        // @start region="write"
        var writer = new FrameWriter(Role.CLIENT);
        byte[] buffer = new byte[1024];
        byte[] hello = {'H', 'e', 'l', 'l', 'o'};
        int end = writer.writeFrame(buffer, 0, true, 0, Opcode.TEXT, hello, 0, hello.length);
        end = writer.writeHeader(buffer, end, true, 0, Opcode.BINARY, large.length);
        out.write(buffer, 0, end);
        writer.mask(large, 0, large.length);
        out.write(large);
        // @end
    }
}
