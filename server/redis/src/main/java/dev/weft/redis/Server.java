package dev.weft.redis;

import dev.weft.topics.Backplane.Receiver;
import dev.weft.topics.BackplaneException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Looks after the connection to one server, on a thread of its own: connects, sends heartbeats, and connects again. */
final class Server {
    private static final Logger LOGGER = System.getLogger("dev.weft.redis");
    static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /** What all servers of a backplane have in common. */
    record Common(Supplier<Boolean> ended, Keys keys, Routes routes, Members members, Receiver receiver,
            Duration timeout, Duration nodeTimeout, Duration keep, boolean placing) {}

    private final Common common;
    private final RedisURI uri;
    private final Supplier<Link> connecting;
    private final CountDownLatch tried = new CountDownLatch(1);
    private final Thread thread;
    private volatile Set<Integer> groups = Set.of();
    private volatile @Nullable Link link;
    private volatile String detail;
    // For the thread.
    private Duration pause = FIRST_PAUSE;
    private long keepAt = System.nanoTime();

    Server(Common common, RedisURI uri, Supplier<Link> connecting) {
        this.common = common;
        this.uri = uri;
        this.connecting = connecting;
        this.detail = address() + " was not asked yet";
        this.thread = Thread.ofVirtual().name("weft-redis").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    String address() {
        return uri.getHost() + ":" + uri.getPort();
    }

    String detail() {
        return detail;
    }

    /** The connection, if there is one. */
    @Nullable
    Link link() {
        return link;
    }

    Set<Integer> groups() {
        return groups;
    }

    /** Sets which groups the server has. If there are none, the thread ends, and the connection too. */
    void serve(Set<Integer> value) {
        if (!groups.equals(value)) {
            groups = Set.copyOf(value);
            wake();
        }
    }

    /** There may be something to do. Does not wait. */
    void wake() {
        LockSupport.unpark(thread);
    }

    /** Waits for the first attempt to connect. */
    void awaitFirstAttempt(Duration time) throws InterruptedException {
        tried.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    void awaitEnd(Duration time) throws InterruptedException {
        thread.join(time);
    }

    private boolean isOver() {
        return common.ended().get() || groups.isEmpty();
    }

    /** Survives any exception and error. */
    private void run() {
        while (true) {
            try {
                if (isOver()) {
                    tried.countDown();
                    end();
                    return;
                }
                lookAfterLink();
            } catch (Throwable e) {
                // Even handling a failure can fail, for example while there is no memory.
            }
        }
    }

    /** If the backplane is closed, it needs the connection once more. */
    private void end() {
        Link last = link;
        if (last != null && !common.ended().get()) {
            last.close();
            common.routes().close(last);
        }
    }

    private void lookAfterLink() {
        boolean complete;
        try {
            Link current = link;
            if (current == null) {
                current = connecting.get();
                link = current;
            } else {
                current.ping();
                beat(current);
                keepHeads(current);
            }
            complete = open(current);
            detail = "connected to " + address() + (current.isSharded() ? "" : ", which has no sharded pub/sub");
        } catch (Throwable e) {
            try {
                failed(e);
            } finally {
                tried.countDown();
                await(pause);
                pause = longer(pause);
            }
            return;
        }
        tried.countDown();
        await(complete ? shorter(common.nodeTimeout().dividedBy(6), common.timeout()) : pause);
        pause = complete ? FIRST_PAUSE : longer(pause);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    static Duration longer(Duration pause) {
        return shorter(pause.multipliedBy(2), LONGEST_PAUSE);
    }

    /** Waits, unless the connection is lost, or this is over. */
    private void await(Duration time) {
        Link current = link;
        if (!isOver() && (current == null || current.isOpen())) {
            LockSupport.parkNanos(time.toNanos());
        }
    }

    private void failed(Throwable e) {
        Link failed = link;
        link = null;
        detail = address() + ": " + Link.reason(e);
        Level level = e instanceof BackplaneException || e instanceof RedisException ? Level.DEBUG : Level.WARNING;
        LOGGER.log(level, "no connection to Redis at " + address(), e);
        if (failed != null) {
            failed.close();
            common.routes().close(failed);
        }
    }

    /** Opens what the server has and does not serve yet. Returns whether that is everything. */
    private boolean open(Link current) {
        boolean complete = true;
        List<Route> opening = new ArrayList<>();
        for (int group : groups) {
            if (!common.routes().isPassing(current, group)) {
                try {
                    Members.Beat answer = common.members().beat(current, group, null, common.keep(),
                            common.receiver());
                    opening.add(new Route(current, group, answer.term()));
                } catch (BackplaneException e) {
                    ifElsewhere(e);
                    complete = false;
                }
            }
        }
        if (!opening.isEmpty()) {
            common.routes().open(opening);
        }
        return complete;
    }

    private void beat(Link current) {
        for (Route each : common.routes().at(current)) {
            try {
                Members.Beat answer = common.members().beat(current, each.group(), each.term(), common.keep(),
                        common.receiver());
                if (!Arrays.equals(answer.term(), each.term())) {
                    // Another server had the group meanwhile.
                    common.routes().moved(each);
                } else if (answer.unknown()) {
                    // The others believed that this node was dead.
                    common.routes().forgotten(each);
                }
            } catch (BackplaneException e) {
                ifElsewhere(e);
                if (Link.isMoved(e)) {
                    common.routes().moved(each);
                }
            }
        }
    }

    private static void ifElsewhere(BackplaneException e) {
        if (!Link.isElsewhere(e)) {
            throw e;
        }
    }

    /** Without its head, a topic begins anew. So those that this node follows are kept, even if nothing is published. */
    private void keepHeads(Link current) {
        if (common.placing() && System.nanoTime() - keepAt > 0) {
            common.routes().topics(current)
                    .forEach(each -> current.keep(common.keys().head(each), common.keep()));
            keepAt = System.nanoTime() + common.keep().toNanos() / 4;
        }
    }
}
