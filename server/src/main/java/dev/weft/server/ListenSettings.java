package dev.weft.server;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a server listens.
 *
 * @param host              a name or address, which counts if nothing is listed
 * @param port              belongs to the host; 0 lets the system choose one
 * @param listed            addresses of TCP, not yet resolved, and of Unix domain sockets
 * @param backlog           how many connections may wait to be accepted, of each address; the system may have a lower limit
 * @param reusePort         whether other sockets may listen at the same port (SO_REUSEPORT)
 * @param socketPermissions of the files of Unix domain sockets
 */
record ListenSettings(String host, int port, List<SocketAddress> listed, int backlog, boolean reusePort,
        Set<PosixFilePermission> socketPermissions) {
    static final int HIGHEST_PORT = 65_535;
    /** This machine alone, at a port that the system chooses. */
    static final ListenSettings DEFAULT = new ListenSettings("127.0.0.1", 0, List.of(), 1024, false,
            Set.copyOf(PosixFilePermissions.fromString("rw-------")));

    /** At this host, and nowhere else. */
    ListenSettings withHost(String other) {
        return new ListenSettings(other, port, List.of(), backlog, reusePort, socketPermissions);
    }

    /** At this port of the host, and nowhere else. */
    ListenSettings withPort(int other) {
        return new ListenSettings(host, other, List.of(), backlog, reusePort, socketPermissions);
    }

    /** At this address too, in place of host and port. */
    ListenSettings withAddress(SocketAddress another) {
        if (!(another instanceof InetSocketAddress || another instanceof UnixDomainSocketAddress)) {
            throw new IllegalArgumentException(
                    "a server listens at an InetSocketAddress or a UnixDomainSocketAddress, not at " + another);
        }
        List<SocketAddress> all = Stream.concat(listed.stream(), Stream.of(another)).toList();
        return new ListenSettings(host, port, all, backlog, reusePort, socketPermissions);
    }

    ListenSettings withBacklog(int other) {
        return new ListenSettings(host, port, listed, other, reusePort, socketPermissions);
    }

    ListenSettings withReusePort(boolean other) {
        return new ListenSettings(host, port, listed, backlog, other, socketPermissions);
    }

    ListenSettings withSocketPermissions(Set<PosixFilePermission> others) {
        return new ListenSettings(host, port, listed, backlog, reusePort, Set.copyOf(others));
    }

    /** At least one. */
    List<SocketAddress> addresses() {
        return listed.isEmpty() ? List.of(InetSocketAddress.createUnresolved(host, port)) : listed;
    }
}
