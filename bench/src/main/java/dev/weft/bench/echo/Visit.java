package dev.weft.bench.echo;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * One connection from its beginning to its end.
 * <pre>
 * CONNECTING ─ request ─▶ SHAKING ─ 101, message ─▶ ECHOING ─ reply, Close ─▶ CLOSING ─ Close ─▶ over
 * </pre>
 */
final class Visit {
    private static final int ROOM = 4096;
    private static final int CLOSE = 0x88;
    private static final int LONGEST_CONTROL = 125;

    private enum State {
        CONNECTING, SHAKING, ECHOING, CLOSING
    }

    private final VisitScript script;
    private final SocketChannel channel = SocketChannel.open();
    private final ByteBuffer in = ByteBuffer.allocate(ROOM);
    private final long start = System.nanoTime();
    private State state = State.CONNECTING;
    private long shaken;
    private long over;

    Visit(VisitScript script, Selector selector) throws IOException {
        this.script = script;
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true).configureBlocking(false);
        if (channel.connect(script.address())) {
            say(script.request(), State.SHAKING);
            channel.register(selector, SelectionKey.OP_READ, this);
        } else {
            channel.register(selector, SelectionKey.OP_CONNECT, this);
        }
    }

    long handshakeNanos() {
        return shaken - start;
    }

    long wholeNanos() {
        return over - start;
    }

    /** Continues as far as possible without waiting; returns whether the closing handshake is complete. */
    boolean isOverAfter(SelectionKey key) throws IOException {
        if (key.isConnectable()) {
            channel.finishConnect();
            key.interestOps(SelectionKey.OP_READ);
            say(script.request(), State.SHAKING);
            return false;
        }
        if (channel.read(in) < 0) {
            throw new IOException("the server ended a connection: " + this);
        }
        return switch (state) {
            case CONNECTING -> false;
            case SHAKING -> {
                if (Handshakes.isAccepted(in.array(), in.position())) {
                    shaken = System.nanoTime();
                    say(script.message(), State.ECHOING);
                }
                yield false;
            }
            case ECHOING -> {
                if (in.position() >= script.reply().length) {
                    if (!Arrays.equals(in.array(), 0, in.position(), script.reply(), 0, script.reply().length)) {
                        throw new IOException("a wrong reply");
                    }
                    say(script.close(), State.CLOSING);
                }
                yield false;
            }
            case CLOSING -> isClosed();
        };
    }

    private boolean isClosed() throws IOException {
        if (in.position() < 2) {
            return false;
        }
        int length = in.get(1);
        if ((in.get(0) & 0xff) != CLOSE || length < 0 || length > LONGEST_CONTROL || in.position() > 2 + length) {
            throw new IOException("no Close frame, but " + Arrays.toString(Arrays.copyOf(in.array(), in.position())));
        }
        over = System.nanoTime();
        return in.position() == 2 + length;
    }

    private void say(byte[] what, State next) throws IOException {
        ByteBuffer out = ByteBuffer.wrap(what);
        channel.write(out);
        if (out.hasRemaining()) {
            throw new IOException("the socket does not take " + what.length + " bytes");
        }
        in.clear();
        state = next;
    }

    void close() {
        Handshakes.reset(channel);
    }

    @Override
    public String toString() {
        return state + " after " + in.position() + " bytes";
    }
}
