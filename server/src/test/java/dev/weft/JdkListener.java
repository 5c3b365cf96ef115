package dev.weft;

import java.io.ByteArrayOutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Collects what the JDK's client receives: texts as strings, binary messages as arrays, pongs as "pong …", the end as "close …". */
public final class JdkListener implements WebSocket.Listener {
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream binary = new ByteArrayOutputStream();

    @Override
    public CompletionStage<?> onText(WebSocket ws, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            events.add(text.toString());
            text.setLength(0);
        }
        ws.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket ws, ByteBuffer data, boolean last) {
        while (data.hasRemaining()) {
            binary.write(data.get());
        }
        if (last) {
            events.add(binary.toByteArray());
            binary.reset();
        }
        ws.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPong(WebSocket ws, ByteBuffer message) {
        events.add("pong " + message.remaining());
        ws.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket ws, int code, String reason) {
        events.add("close " + code + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket ws, Throwable error) {
        events.add(error);
    }

    /** The next event; waits up to 20 seconds, and returns {@code null} then. */
    public Object next() throws InterruptedException {
        return next(Duration.ofSeconds(20));
    }

    /** The next event; waits up to this time, and returns {@code null} then. */
    public Object next(Duration time) throws InterruptedException {
        return events.poll(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Whether each event has been taken by {@link #next()}. */
    public boolean isEmpty() {
        return events.isEmpty();
    }
}
