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
 * The addresses on which a server listens.
 *
 * @param host              a host name or address, used if no addresses are listed and no socket is inherited
 * @param port              the port of the host; 0 lets the system choose one
 * @param listed            TCP addresses, not yet resolved, and addresses of Unix domain sockets
 * @param inherited         whether the process's standard input is one more listening socket
 * @param backlog           the maximum number of connections that wait to be accepted, for each address; the system may
 *                          have a lower limit
 * @param reusePort         whether other sockets may listen on the same port (SO_REUSEPORT)
 * @param socketPermissions the permissions of the files of Unix domain sockets
 */
record ListenSettings(String host, int port, List<SocketAddress> listed, boolean inherited, int backlog,
        boolean reusePort, Set<PosixFilePermission> socketPermissions) {
    static final int HIGHEST_PORT = 65_535;
    /** Only reachable from this machine, on a port that the system chooses. */
    static final ListenSettings DEFAULT = new ListenSettings("127.0.0.1", 0, List.of(), false, 1024, false,
            Set.copyOf(PosixFilePermissions.fromString("rw-------")));

    /** Listens on this host only. */
    ListenSettings withHost(String other) {
        return new ListenSettings(other, port, List.of(), false, backlog, reusePort, socketPermissions);
    }

    /** Listens on this port of the host only. */
    ListenSettings withPort(int other) {
        return new ListenSettings(host, other, List.of(), false, backlog, reusePort, socketPermissions);
    }

    /** Also listens on this address, instead of host and port. */
    ListenSettings withAddress(SocketAddress another) {
        if (!(another instanceof InetSocketAddress || another instanceof UnixDomainSocketAddress)) {
            throw new IllegalArgumentException(
                    "a server listens at an InetSocketAddress or a UnixDomainSocketAddress, not at " + another);
        }
        List<SocketAddress> all = Stream.concat(listed.stream(), Stream.of(another)).toList();
        return new ListenSettings(host, port, all, inherited, backlog, reusePort, socketPermissions);
    }

    /** Also listens on the socket that is the process's standard input, instead of host and port. */
    ListenSettings withInherited() {
        return new ListenSettings(host, port, listed, true, backlog, reusePort, socketPermissions);
    }

    ListenSettings withBacklog(int other) {
        return new ListenSettings(host, port, listed, inherited, other, reusePort, socketPermissions);
    }

    ListenSettings withReusePort(boolean other) {
        return new ListenSettings(host, port, listed, inherited, backlog, other, socketPermissions);
    }

    ListenSettings withSocketPermissions(Set<PosixFilePermission> others) {
        return new ListenSettings(host, port, listed, inherited, backlog, reusePort, Set.copyOf(others));
    }

    /** All addresses, without that of an inherited socket; at least one if no socket is inherited. */
    List<SocketAddress> addresses() {
        return listed.isEmpty() && !inherited ? List.of(InetSocketAddress.createUnresolved(host, port)) : listed;
    }
}
