package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.loop.Engine;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** An engine that also creates the transports over its sockets. All methods are for any thread. */
interface SocketEngine extends Engine {
    /**
     * Creates a transport over this connected channel.
     *
     * @param scheduler schedules the connection's threads, or {@code null} if the JDK does
     * @throws java.nio.channels.ClosedSelectorException if the engine has been closed
     */
    Transport register(SocketChannel channel, ConnectionScheduler scheduler) throws IOException;

    /** How this engine watches for connections that arrive at a listening socket; not started. */
    ListenerWatch watch(ServerSocketChannel channel, AcceptingSocket socket);

    /** The number of sockets. */
    int size();

    /**
     * Moves this number of sockets to another engine of the same kind, and their threads to that engine's loop, the loop of the
     * given scheduler. Runs the task when this is done, or at least begun; only then may any of the engines be asked again. Does not
     * wait.
     */
    void move(int count, SocketEngine other, ConnectionScheduler example, Runnable done);

    /** How an engine watches a listening socket. */
    interface ListenerWatch {
        /** Begins to watch. Does not wait. */
        void start() throws IOException;

        /**
         * Returns the next connection that has arrived, or {@code null} if none has. For one thread at a time; does not wait.
         *
         * @throws IOException if it cannot be accepted, for example because no descriptor is left
         */
        SocketChannel accept() throws IOException;

        /** Called after connections were accepted: reports further ones. From any thread; does not wait. */
        void watchAgain();

        /** Whether connections that arrive are noticed. From any thread. */
        boolean isWatched();

        /** Releases the descriptor of the socket, which has been closed, soon; then, at the latest, runs the task. Does not wait. */
        void release(Runnable released);

        /** Whether the descriptor has been released. From any thread. */
        boolean isReleased();
    }
}
