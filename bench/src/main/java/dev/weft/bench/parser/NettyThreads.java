package dev.weft.bench.parser;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Runs a benchmark on threads of Netty's own kind; named to JMH by {@link JvmSettings#netty()}. */
public final class NettyThreads extends ThreadPoolExecutor {
    /** As JMH calls it. */
    public NettyThreads(int threads, String prefix) {
        super(threads, threads, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}
