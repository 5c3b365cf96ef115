package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The writing side of a {@link LimitedTransport}. Messages are counted when they have been written, and make the next write
 * wait. For the thread that writes, unless a method says otherwise.
 */
final class LimitedOutput {
    private final Transport below;
    private final ConnectionRates rates;
    private final RateWait wait;
    private final Turn bytes = new Turn(Kind.SENT_BYTES);
    /** Changes at each look at a write that waits for a rate: the peer is not slow. */
    private byte looks;

    LimitedOutput(Transport below, ConnectionRates rates) {
        this.below = below;
        this.rates = rates;
        this.wait = new RateWait(rates);
    }

    private boolean mayWriteNow() {
        return rates.isPaid(Kind.SENT_BYTES) && rates.isPaid(Kind.SENT_MESSAGES);
    }

    /** As {@link Transport#writeNow(ByteBuffer)}. */
    void writeNow(ByteBuffer source) throws IOException {
        if (mayWriteNow()) {
            int from = source.position();
            int end = LimitedTransport.clip(source, rates.most(rates.step(Kind.SENT_BYTES), source.remaining()));
            try {
                below.writeNow(source);
            } finally {
                source.limit(end);
                rates.pay(Kind.SENT_BYTES, source.position() - from);
            }
        }
    }

    /** As {@link Transport#writeNow(ByteBuffer, ByteBuffer)}. */
    void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        int before = first.remaining() + second.remaining();
        if (mayWriteNow() && before <= rates.step(Kind.SENT_BYTES)) {
            try {
                below.writeNow(first, second);
            } finally {
                rates.pay(Kind.SENT_BYTES, before - first.remaining() - second.remaining());
            }
        } else {
            if (first.hasRemaining()) {
                writeNow(first);
            }
            if (!first.hasRemaining()) {
                writeNow(second);
            }
        }
    }

    /** As {@link Transport#write(ByteBuffer)}. */
    void write(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            int most = rates.most(rates.step(Kind.SENT_BYTES), source.remaining());
            rates.take(bytes, most);
            int from = source.position();
            int end = LimitedTransport.clip(source, most);
            try {
                await();
                rates.begin(bytes);
                below.write(source);
            } finally {
                source.limit(end);
                bytes.use(source.position() - from);
            }
        }
    }

    private boolean isDue() {
        return rates.isPaid(Kind.SENT_MESSAGES) && rates.isDue(bytes);
    }

    private void await() throws IOException {
        if (!isDue()) {
            rates.throttled(rates.isPaid(Kind.SENT_MESSAGES) ? Kind.SENT_BYTES : Kind.SENT_MESSAGES);
            wait.until(this::isDue, TimeLimit.NONE);
        }
    }

    /** A peer is not slow while this end waits for a rate. For the sweeper. */
    byte progress() {
        if (wait.isBusy()) {
            looks++;
        }
        return (byte) (below.writeProgress() + looks);
    }

    /** Continues what is due, or ends it if the transport is closed. For any thread. */
    void tick() {
        wait.wake();
    }

    /** Whether a write has had to wait since the last call. For the sweeper. */
    boolean hasDelayed() {
        return wait.hasDelayed();
    }
}
