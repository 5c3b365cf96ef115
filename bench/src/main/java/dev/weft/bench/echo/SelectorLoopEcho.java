package dev.weft.bench.echo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.bench.peers.Announcement;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.OpeningHandshake;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.Deflater;

/**
 * The floor: a single-threaded selector loop that echoes frames with Weft's parser and does nothing else. It has no other
 * threads, no deadlines, and only one limit. Any further cost of a server is the price of its features.
 */
public final class SelectorLoopEcho {
    private static final int READ = 1 << 19;
    private static final int MAX_FRAME = 2 << 20;
    /** What the end of a compressed message is without: 00 00 FF FF. */
    private static final int TAIL = 4;
    /** Room for the replies to one read; the first of them may belong to a message that began long before. */
    private static final int REPLIES = 2 * READ + MAX_FRAME;

    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ);
    private final byte[] bytes = new byte[READ];
    private final byte[] header = new byte[16];
    private final ByteBuffer out = ByteBuffer.allocateDirect(REPLIES);
    private final FrameWriter writer = new FrameWriter(Role.SERVER);
    private final Set<Client> subscribers = new LinkedHashSet<>();
    private final Deflater deflater = new Deflater(1, true);
    private final byte[] compressed = new byte[MAX_FRAME];

    private SelectorLoopEcho() throws IOException {}

    /** Serves in the same way as all peers. */
    public static void main(String[] args) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress("127.0.0.1", Announcement.port(args)), Announcement.BACKLOG);
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Announcement.listening(listener.socket().getLocalPort(), args);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        new SelectorLoopEcho().serve(listener);
    }

    private void serve(ServerSocketChannel listener) throws IOException {
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        while (true) {
            selector.select(key -> {
                try {
                    if (key.isAcceptable()) {
                        accept(listener.accept());
                    } else {
                        ((Client) key.attachment()).ready();
                    }
                } catch (IOException | ProtocolViolationException e) {
                    end(key);
                }
            });
        }
    }

    private void end(SelectionKey key) {
        if (key.attachment() instanceof Client client) {
            subscribers.remove(client);
        }
        try {
            key.channel().close();
        } catch (IOException e) {
            // Nothing to do: the channel is closed in any case.
        }
    }

    private void accept(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true).configureBlocking(false);
        Client client = new Client(channel);
        client.key = channel.register(selector, SelectionKey.OP_READ, client);
    }

    private final class Client {
        private final SocketChannel channel;
        private final FrameParser parser = new FrameParser(Role.SERVER, MAX_FRAME);
        private SelectionKey key;
        /** The request so far; empty once it was answered. */
        private ByteArrayOutputStream request = new ByteArrayOutputStream(0);
        private boolean subscribed;
        private boolean deflates;
        private boolean closing;
        /** The payload of an incomplete frame, and what the socket did not accept. */
        private byte[] partial;
        private int partialLength;
        private ByteBuffer unwritten;

        Client(SocketChannel channel) {
            this.channel = channel;
        }

        void ready() throws IOException, ProtocolViolationException {
            if (unwritten != null && !writeRest()) {
                return;
            }
            int count = channel.read(in.clear());
            if (count < 0) {
                throw new IOException("end");
            }
            in.flip().get(bytes, 0, count);
            out.clear();
            if (request == null) {
                frames(count);
                send();
            } else {
                handshake(count);
                write(out.flip());
            }
            if (closing && unwritten == null) {
                throw new IOException("closed");
            }
        }

        /** Writes what the socket accepts, and keeps the rest until it accepts more. */
        private void write(ByteBuffer what) throws IOException {
            if (unwritten == null) {
                channel.write(what);
            }
            if (what.hasRemaining()) {
                int before = unwritten == null ? 0 : unwritten.remaining();
                ByteBuffer rest = ByteBuffer.allocate(before + what.remaining());
                if (unwritten != null) {
                    rest.put(unwritten);
                }
                unwritten = rest.put(what).flip();
                key.interestOps(SelectionKey.OP_WRITE);
            }
        }

        private boolean writeRest() throws IOException {
            channel.write(unwritten);
            if (unwritten.hasRemaining()) {
                return false;
            }
            unwritten = null;
            key.interestOps(SelectionKey.OP_READ);
            return true;
        }

        private void handshake(int count) {
            request.write(bytes, 0, count);
            String head = request.toString(ISO_8859_1);
            if (!head.endsWith("\r\n\r\n")) {
                return;
            }
            String mark = "Sec-WebSocket-Key: ";
            int at = head.indexOf(mark) + mark.length();
            out.put(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    + OpeningHandshake.acceptKey(head.substring(at, head.indexOf("\r\n", at)))
                    + (Announcement.DEFLATES && head.contains(Messages.OFFER)
                            ? "\r\nSec-WebSocket-Extensions: " + Messages.OFFER
                            : "")
                    + "\r\n\r\n").getBytes(ISO_8859_1));
            request = null;
            deflates = Announcement.DEFLATES && head.contains(Messages.OFFER);
            if (head.startsWith("GET " + Announcement.BROADCAST_PATH + " ")) {
                subscribed = true;
                subscribers.add(this);
            }
        }

        private void frames(int count) throws IOException, ProtocolViolationException {
            parser.feed(bytes, 0, count);
            while (true) {
                switch (parser.next()) {
                    case FRAME -> frame(bytes, parser.payloadOffset(), parser.payloadLength());
                    case FRAME_START -> {
                        partial = new byte[(int) parser.frameLength()];
                        partialLength = 0;
                    }
                    case PAYLOAD -> {
                        System.arraycopy(bytes, parser.payloadOffset(), partial, partialLength,
                                parser.payloadLength());
                        partialLength += parser.payloadLength();
                    }
                    case FRAME_END -> frame(partial, 0, partialLength);
                    case NEED_INPUT -> {
                        return;
                    }
                }
            }
        }

        private void frame(byte[] payload, int from, int length) throws IOException {
            switch (parser.opcode()) {
                case PONG -> {}
                case PING -> control(Opcode.PONG, payload, from, length);
                case CLOSE -> {
                    control(Opcode.CLOSE, payload, from, length);
                    closing = true;
                }
                default -> reply(parser.opcode(), payload, from, length);
            }
        }

        /** Answers a control frame, to this client only. */
        private void control(Opcode opcode, byte[] payload, int from, int length) throws IOException {
            if (subscribed) {
                send();
            }
            reply(opcode, payload, from, length);
            if (subscribed) {
                write(out.flip());
                out.clear();
            }
        }

        private void reply(Opcode opcode, byte[] payload, int from, int length) {
            if (deflates && !opcode.isControl()) {
                deflated(opcode, payload, from, length);
                return;
            }
            int end = writer.writeHeader(header, 0, parser.fin(), 0, opcode, length);
            out.put(header, 0, end).put(payload, from, length);
        }

        /** Compresses a message of one frame by itself, once for all who get it (RFC 7692 §7.2.1). */
        private void deflated(Opcode opcode, byte[] payload, int from, int length) {
            deflater.reset();
            deflater.setInput(payload, from, length);
            int count = deflater.deflate(compressed, 0, compressed.length, Deflater.SYNC_FLUSH) - TAIL;
            int end = writer.writeHeader(header, 0, true, FrameHeader.RSV1, opcode, count);
            out.put(header, 0, end).put(compressed, 0, count);
        }

        /** Sends the replies to one read in one write; to all clients if this client asks for it. */
        private void send() throws IOException {
            out.flip();
            if (subscribed) {
                broadcast();
            } else {
                write(out);
            }
            out.clear();
        }

        private void broadcast() {
            List<Client> gone = new ArrayList<>();
            for (Client each : subscribers) {
                try {
                    each.write(out.duplicate());
                } catch (IOException e) {
                    gone.add(each);
                }
            }
            gone.forEach(each -> end(each.key));
        }
    }
}
