package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/** A transport above another one, which does everything that this one does not do itself, except handshakes. */
public interface LayeredTransport extends Transport {
    /** The transport below. */
    Transport below();

    @Override
    default Thread.Builder.OfVirtual threadBuilder() {
        return below().threadBuilder();
    }

    @Override
    default int place() {
        return below().place();
    }

    @Override
    default <T> void setOption(SocketOption<T> option, T value) throws IOException {
        below().setOption(option, value);
    }

    @Override
    default Optional<SSLSession> tlsSession() {
        return below().tlsSession();
    }

    @Override
    default int read(ByteBuffer target, TimeLimit limit) throws IOException {
        return below().read(target, limit);
    }

    @Override
    default int readNow(ByteBuffer target) throws IOException {
        return below().readNow(target);
    }

    @Override
    default int poll(ByteBuffer target) throws IOException {
        return below().poll(target);
    }

    @Override
    default boolean awaitReadable(TimeLimit limit) throws IOException {
        return below().awaitReadable(limit);
    }

    @Override
    default void keepArrived() {
        below().keepArrived();
    }

    @Override
    default void onUnread(UnreadListener listener) {
        below().onUnread(listener);
    }

    @Override
    default void reportUnread() {
        below().reportUnread();
    }

    @Override
    default boolean willReportUnread() {
        return below().willReportUnread();
    }

    @Override
    default boolean hasUnread() {
        return below().hasUnread();
    }

    @Override
    default void write(ByteBuffer source) throws IOException {
        below().write(source);
    }

    @Override
    default void write(ByteBuffer first, ByteBuffer second) throws IOException {
        below().write(first, second);
    }

    @Override
    default boolean writesWithoutWaiting() {
        return below().writesWithoutWaiting();
    }

    @Override
    default void writeNow(ByteBuffer source) throws IOException {
        below().writeNow(source);
    }

    @Override
    default void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        below().writeNow(first, second);
    }

    @Override
    default byte writeProgress() {
        return below().writeProgress();
    }

    @Override
    default void retryWrite() {
        below().retryWrite();
    }

    @Override
    default void shutdownOutput() throws IOException {
        below().shutdownOutput();
    }

    @Override
    default void keepToChannel() {
        below().keepToChannel();
    }

    @Override
    default boolean announceClose() {
        return below().announceClose();
    }

    @Override
    default void close() {
        below().close();
    }

    @Override
    default SocketAddress localAddress() {
        return below().localAddress();
    }

    @Override
    default SocketAddress remoteAddress() {
        return below().remoteAddress();
    }

    @Override
    default void remoteAddress(SocketAddress client) {
        below().remoteAddress(client);
    }
}
