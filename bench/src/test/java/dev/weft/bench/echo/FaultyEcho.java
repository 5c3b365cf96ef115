package dev.weft.bench.echo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.OpeningHandshake;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** An echo server with a thread for each connection, which returns one wrong message. */
final class FaultyEcho implements AutoCloseable {
    enum Fault {
        NONE, CHANGED, DROPPED, DOUBLED, STALLED
    }

    static final long STALL_NANOS = 200_000_000;
    private static final int READ = 1 << 16;

    private final Fault fault;
    private final AtomicInteger beforeFault;
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));

    /** Returns a server whose answer to the message with this number is wrong, counted from 0 over all connections. */
    FaultyEcho(Fault fault, int number) throws IOException {
        this.fault = fault;
        this.beforeFault = new AtomicInteger(number);
        Thread.startVirtualThread(this::accept);
    }

    ServerProcess.Target target() {
        return new ServerProcess.Target(listener.getLocalPort(), new CpuClock(ProcessHandle.current().pid()));
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                Thread.startVirtualThread(() -> serve(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            handshake(in, out);
            echo(in, out);
        } catch (IOException e) {
            // The load has disconnected.
        } catch (ProtocolViolationException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private static void handshake(InputStream in, OutputStream out) throws IOException {
        String head = "";
        while (!head.endsWith("\r\n\r\n")) {
            head += (char) in.read();
        }
        String mark = "Sec-WebSocket-Key: ";
        int at = head.indexOf(mark) + mark.length();
        out.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + OpeningHandshake.acceptKey(head.substring(at, head.indexOf("\r\n", at)))
                + "\r\n\r\n").getBytes(ISO_8859_1));
    }

    private void echo(InputStream in, OutputStream out) throws IOException, ProtocolViolationException {
        FrameParser parser = new FrameParser(Role.SERVER, READ);
        FrameWriter writer = new FrameWriter(Role.SERVER);
        byte[] bytes = new byte[READ];
        byte[] reply = new byte[READ + 14];
        byte[] payload = new byte[READ];
        int length = 0;
        for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
            parser.feed(bytes, 0, count);
            for (FrameParser.Event event = parser.next(); event != FrameParser.Event.NEED_INPUT; event = parser
                    .next()) {
                switch (event) {
                    case FRAME_START -> length = 0;
                    case FRAME, PAYLOAD -> {
                        length = event == FrameParser.Event.FRAME ? 0 : length;
                        System.arraycopy(bytes, parser.payloadOffset(), payload, length, parser.payloadLength());
                        length += parser.payloadLength();
                    }
                    default -> {}
                }
                if (event == FrameParser.Event.FRAME || event == FrameParser.Event.FRAME_END) {
                    int end = writer.writeFrame(reply, 0, true, 0, parser.opcode(), payload, 0, length);
                    answer(out, reply, end);
                }
            }
        }
    }

    private void answer(OutputStream out, byte[] reply, int length) throws IOException {
        switch (beforeFault.getAndDecrement() == 0 ? fault : Fault.NONE) {
            case NONE -> {}
            case CHANGED -> reply[length - 1] ^= 1;
            case DROPPED -> {
                return;
            }
            case DOUBLED -> out.write(reply, 0, length);
            case STALLED -> LockSupport.parkNanos(STALL_NANOS);
        }
        out.write(reply, 0, length);
    }
}
