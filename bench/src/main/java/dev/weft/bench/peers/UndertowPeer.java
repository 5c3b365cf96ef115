package dev.weft.bench.peers;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketCallback;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.xnio.Options;
import org.xnio.Pooled;

/** Undertow: one I/O thread, on which the listeners run. */
public final class UndertowPeer extends AbstractReceiveListener {
    private static final Set<WebSocketChannel> SUBSCRIBERS = ConcurrentHashMap.newKeySet();
    /** The default of 16 KiB costs half as much again for messages of 64 KiB, because Undertow has to join the parts. */
    private static final int BUFFER = 1 << 17;
    private static final FreeWhenSent FREE_WHEN_SENT = new FreeWhenSent();

    private final boolean broadcasts;

    private UndertowPeer(boolean broadcasts) {
        this.broadcasts = broadcasts;
    }

    /** Serves with one I/O thread. */
    public static void main(String[] args) throws Exception {
        Undertow server = Undertow.builder().addHttpListener(Announcement.port(args), "127.0.0.1").setIoThreads(1)
                .setDirectBuffers(true).setBufferSize(BUFFER).setSocketOption(Options.TCP_NODELAY, true)
                .setSocketOption(Options.BACKLOG, Announcement.BACKLOG)
                .setHandler(Handlers.websocket((exchange, channel) -> {
                    boolean broadcasts = exchange.getRequestURI().equals(Announcement.BROADCAST_PATH);
                    if (broadcasts) {
                        SUBSCRIBERS.add(channel);
                        channel.addCloseTask(SUBSCRIBERS::remove);
                    }
                    channel.getReceiveSetter().set(new UndertowPeer(broadcasts));
                    channel.resumeReceives();
                })).build();
        server.start();
        InetSocketAddress address = (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
        Announcement.listening(address.getPort(), args);
    }

    @Override
    protected long getMaxTextBufferSize() {
        return Announcement.MAX_MESSAGE;
    }

    @Override
    protected long getMaxBinaryBufferSize() {
        return Announcement.MAX_MESSAGE;
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
        String text = message.getData();
        if (broadcasts) {
            SUBSCRIBERS.forEach(each -> WebSockets.sendText(text, each, null));
        } else {
            WebSockets.sendText(text, channel, null);
        }
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
        var data = message.getData();
        ByteBuffer bytes = WebSockets.mergeBuffers(data.getResource());
        if (broadcasts) {
            ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
            data.free();
            SUBSCRIBERS.forEach(each -> WebSockets.sendBinary(copy.duplicate(), each, null));
        } else {
            WebSockets.sendBinary(bytes, channel, FREE_WHEN_SENT, data);
        }
    }

    /** Releases the buffers of a received message after it has been sent from them. */
    private static final class FreeWhenSent implements WebSocketCallback<Pooled<ByteBuffer[]>> {
        @Override
        public void complete(WebSocketChannel channel, Pooled<ByteBuffer[]> data) {
            data.free();
        }

        @Override
        public void onError(WebSocketChannel channel, Pooled<ByteBuffer[]> data, Throwable cause) {
            data.free();
        }
    }
}
