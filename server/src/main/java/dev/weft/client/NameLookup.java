package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks up the addresses of names on platform threads, at most {@link #MOST} at a time in the process. The system's look-up
 * blocks, cannot be interrupted, and may take longer than any deadline. Thread-safe.
 */
final class NameLookup {
    /** Finds all addresses of a name. May block. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] addressesOf(String host) throws IOException;
    }

    /** The maximum number of concurrent look-ups; further ones wait. */
    static final int MOST = 16;

    private static final Semaphore PERMITS = new Semaphore(MOST, true);

    private NameLookup() {}

    /**
     * Waits for the addresses, at most until the limit. A look-up that takes longer, or is cancelled, continues in its thread
     * and still counts towards the maximum.
     *
     * @param found gets the addresses; to complete it with an exception cancels the look-up, unless that waits for its turn
     * @throws WebSocketConnectException if the name has no address, or none was found in time
     * @throws java.io.InterruptedIOException if this thread was interrupted
     */
    static InetAddress[] find(Resolver resolver, String host, TimeLimit limit, CompletableFuture<InetAddress[]> found)
            throws IOException {
        try {
            if (Destination.isAddress(host)) {
                return InetAddress.getAllByName(host);
            }
            if (!PERMITS.tryAcquire(limit.left(), TimeUnit.NANOSECONDS)) {
                throw late(host);
            }
            start(resolver, host, found);
            return found.get(limit.left(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while the name of a host was looked up");
        } catch (TimeoutException e) {
            throw late(host);
        } catch (ExecutionException e) {
            throw new WebSocketConnectException(Step.RESOLVE, "no address of " + host + ": " + e.getCause(),
                    e.getCause());
        } catch (WebSocketConnectException e) {
            throw e;
        } catch (IOException e) {
            throw new WebSocketConnectException(Step.RESOLVE, "not an address: " + host, e);
        }
    }

    private static WebSocketConnectException late(String host) {
        return new WebSocketConnectException(Step.RESOLVE,
                "the address of " + host + " was not found in time (connectTimeout)", null);
    }

    private static void start(Resolver resolver, String host, CompletableFuture<InetAddress[]> found) {
        boolean started = false;
        try {
            Thread.ofPlatform().name("weft-client-lookup").daemon().start(() -> look(resolver, host, found));
            started = true;
        } finally {
            if (!started) {
                PERMITS.release();
            }
        }
    }

    private static void look(Resolver resolver, String host, CompletableFuture<InetAddress[]> found) {
        try {
            found.complete(resolver.addressesOf(host));
        } catch (Throwable e) {
            found.completeExceptionally(e);
        } finally {
            PERMITS.release();
        }
    }
}
