package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LayeredTransport;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A transport whose reads and writes wait for rates, and which is counted for its address until it is closed. A wait takes
 * tokens, and lasts until they have accrued, so that all who wait for one rate are served in turn. The sweeper's clock
 * continues the waits: {@link #tick}. {@link LimitedInput} reads, and {@link LimitedOutput} writes.
 */
public final class LimitedTransport implements LayeredTransport {
    private final Transport below;
    private final ConnectionRates rates;
    private final LimitedInput input;
    private final LimitedOutput output;

    /**
     * A transport that is not counted yet.
     *
     * @param below owned by this transport from now on
     */
    LimitedTransport(Transport below, ServerRates shared) {
        this.below = below;
        this.rates = new ConnectionRates(shared);
        this.input = new LimitedInput(below, rates);
        this.output = new LimitedOutput(below, rates);
    }

    /** Limits the remaining bytes of a buffer. Returns its limit before. */
    static int clip(ByteBuffer buffer, int most) {
        int end = buffer.limit();
        buffer.limit(buffer.position() + Math.min(buffer.remaining(), most));
        return end;
    }

    @Override
    public Transport below() {
        return below;
    }

    @Override
    public void awaitHandshake() throws IOException {
        below.awaitHandshake();
    }

    @Override
    public void handshake() throws IOException {
        below.handshake();
    }

    @Override
    public void closeAfterFailedHandshake() {
        below.closeAfterFailedHandshake();
    }

    @Override
    public Transport unencrypted() {
        return below.unencrypted();
    }

    /** The rates, and the address for which this is counted. */
    public ConnectionRates rates() {
        return rates;
    }

    @Override
    public void close() {
        try {
            below.close();
        } finally {
            rates.end();
            input.close();
            output.tick();
        }
    }

    // Rates.

    @Override
    public boolean hasRates() {
        return true;
    }

    @Override
    public boolean awaitMessage(TimeLimit limit) throws IOException {
        return input.awaitMessage(limit);
    }

    @Override
    public void noMessage() {
        input.noMessage();
    }

    @Override
    public void countPing() {
        rates.pay(Kind.PINGS, 1);
    }

    @Override
    public void countInflated(int bytes) {
        rates.pay(Kind.INFLATED_BYTES, bytes);
    }

    @Override
    public void countSent(int count) {
        rates.pay(Kind.SENT_MESSAGES, count);
    }

    @Override
    public void tick() {
        input.tick();
        output.tick();
    }

    @Override
    public boolean delayedPeer() {
        return input.hasDelayed() | output.hasDelayed();
    }

    @Override
    public void liftRates() {
        if (rates.lift()) {
            tick();
        }
    }

    // Reading.

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        return input.awaitReadable(limit);
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        return input.read(target, limit);
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return input.readNow(target);
    }

    @Override
    public int poll(ByteBuffer target) throws IOException {
        return input.poll(target);
    }

    @Override
    public void onUnread(UnreadListener listener) {
        input.onUnread(listener);
    }

    @Override
    public void reportUnread() {
        input.reportUnread();
    }

    @Override
    public boolean hasUnread() {
        return input.hasUnread();
    }

    // Writing.

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        output.writeNow(source);
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        output.writeNow(first, second);
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        output.write(source);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        output.write(first);
        output.write(second);
    }

    @Override
    public byte writeProgress() {
        return output.progress();
    }
}
