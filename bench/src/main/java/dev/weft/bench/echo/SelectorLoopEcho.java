package dev.weft.bench.echo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.OpeningHandshake;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The floor: a single-threaded selector loop that echoes frames with Weft's parser and does nothing else: no threads, no
 * deadlines, no limits, no closing handshake. What a server takes more than this is what its comfort costs.
 */
public final class SelectorLoopEcho {
    private static final int BUFFER = 1 << 19;

    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER);
    private final byte[] octets = new byte[BUFFER];
    private final byte[] reply = new byte[BUFFER];
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private final FrameWriter writer = new FrameWriter(Role.SERVER);

    private SelectorLoopEcho() throws IOException {}

    /** Serves for ever at the port that it prints. */
    public static void main(String[] args) throws IOException {
        new SelectorLoopEcho().serve(args.length > 0 ? Integer.parseInt(args[0]) : 0);
    }

    private void serve(int port) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress("127.0.0.1", port), 1024).configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        System.out.println("listening on ws://127.0.0.1:" + listener.socket().getLocalPort() + "/");
        while (true) {
            selector.select(key -> {
                try {
                    if (key.isAcceptable()) {
                        accept(listener.accept());
                    } else {
                        ((Client) key.attachment()).ready();
                    }
                } catch (IOException | ProtocolViolationException e) {
                    close(key);
                }
            });
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            // Gone either way.
        }
    }

    private void accept(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true).configureBlocking(false);
        Client client = new Client(channel);
        client.key = channel.register(selector, SelectionKey.OP_READ, client);
    }

    private final class Client {
        private final SocketChannel channel;
        private final FrameParser parser = new FrameParser(Role.SERVER, Integer.MAX_VALUE);
        private SelectionKey key;
        private boolean open;
        /** Payload of a frame that is cut, and what the socket did not take. */
        private byte[] partial;
        private int partialLength;
        private ByteBuffer unwritten;

        Client(SocketChannel channel) {
            this.channel = channel;
        }

        void ready() throws IOException, ProtocolViolationException {
            if (key.isWritable() && !writeRest()) {
                return;
            }
            int count = channel.read(in.clear());
            if (count < 0) {
                throw new IOException("end");
            }
            in.flip().get(octets, 0, count);
            out.clear();
            if (open) {
                echo(count);
            } else {
                handshake(count);
            }
            out.flip();
            channel.write(out);
            if (out.hasRemaining()) {
                unwritten = ByteBuffer.allocate(out.remaining()).put(out).flip();
                key.interestOps(SelectionKey.OP_WRITE);
            }
        }

        private boolean writeRest() throws IOException {
            if (unwritten != null) {
                channel.write(unwritten);
                if (unwritten.hasRemaining()) {
                    return false;
                }
                unwritten = null;
                key.interestOps(SelectionKey.OP_READ);
            }
            return true;
        }

        private void handshake(int count) {
            String head = new String(octets, 0, count, ISO_8859_1);
            String mark = "Sec-WebSocket-Key: ";
            int at = head.indexOf(mark) + mark.length();
            out.put(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    + OpeningHandshake.acceptKey(head.substring(at, head.indexOf("\r\n", at)))
                    + "\r\n\r\n").getBytes(ISO_8859_1));
            open = true;
        }

        private void echo(int count) throws ProtocolViolationException {
            parser.feed(octets, 0, count);
            while (true) {
                switch (parser.next()) {
                    case FRAME -> reply(octets, parser.payloadOffset(), parser.payloadLength());
                    case FRAME_START -> {
                        partial = new byte[(int) parser.frameLength()];
                        partialLength = 0;
                    }
                    case PAYLOAD -> {
                        System.arraycopy(octets, parser.payloadOffset(), partial, partialLength,
                                parser.payloadLength());
                        partialLength += parser.payloadLength();
                    }
                    case FRAME_END -> reply(partial, 0, partialLength);
                    case NEED_INPUT -> {
                        return;
                    }
                }
            }
        }

        private void reply(byte[] payload, int from, int length) {
            int end = writer.writeHeader(reply, 0, parser.fin(), 0, parser.opcode(), length);
            out.put(reply, 0, end).put(payload, from, length);
        }
    }
}
