package dev.weft.server;

import dev.weft.internal.Bounds;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** The settings of a {@link WebSocketServerBuilder} that say where the server listens, and whether it uses TLS. */
abstract sealed class ListeningSettings extends ConnectionSettings<WebSocketServerBuilder>
        permits WebSocketServerBuilder {
    final ServerValues values;

    ListeningSettings(ServerValues values) {
        this.values = values;
    }

    /** This builder. */
    abstract WebSocketServerBuilder self();

    @Override
    WebSocketServerBuilder with(Consumer<Values> change) {
        change.accept(values.connections);
        return self();
    }

    /**
     * Sets the host name or address to listen on, instead of the addresses of {@link WebSocketServerBuilder#listen listen}.
     * Default 127.0.0.1, which only this machine can reach; with 0.0.0.0 or ::, other machines can connect too.
     */
    public WebSocketServerBuilder host(String host) {
        values.listening = values.listening.withHost(Objects.requireNonNull(host, "host"));
        return self();
    }

    /**
     * Sets the port of the {@link WebSocketServerBuilder#host host}, 0 to 65,535, instead of the addresses of
     * {@link WebSocketServerBuilder#listen listen}. Default 0: the system chooses a port, and {@link WebSocketServer#port()}
     * returns it.
     */
    public WebSocketServerBuilder port(int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        values.listening = values.listening.withPort(port);
        return self();
    }

    /**
     * Adds an address to listen on, instead of {@link WebSocketServerBuilder#host host} and
     * {@link WebSocketServerBuilder#port port}. May be called repeatedly; the server starts only if it can listen on all of
     * the addresses.
     *
     * @param host a host name or an IPv4 or IPv6 address
     * @param port 0 to 65,535; with 0 the system chooses a port, and {@link WebSocketServer#addresses()} returns it
     */
    public WebSocketServerBuilder listen(String host, int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        return listen(InetSocketAddress.createUnresolved(Objects.requireNonNull(host, "host"), port));
    }

    /**
     * Adds an address to listen on, otherwise as {@link WebSocketServerBuilder#listen(String, int) listen}: an
     * {@link InetSocketAddress}, or, for a Unix domain socket, a {@link java.net.UnixDomainSocketAddress}. If a socket file
     * exists on which no process listens any more, it is replaced. If any other file exists, it is kept, and the start
     * fails. {@link WebSocketServer#close()} removes the file. A client of a Unix domain socket usually has an address with
     * an empty path.
     *
     * @throws IllegalArgumentException if the address is neither
     */
    public WebSocketServerBuilder listen(SocketAddress address) {
        values.listening = values.listening.withAddress(address);
        return self();
    }

    /**
     * Adds the listening socket that is the process's standard input, instead of {@link WebSocketServerBuilder#host host}
     * and {@link WebSocketServerBuilder#port port}: a TCP or Unix domain socket of the process that started this one, as
     * with {@code StandardInput=socket} and {@code Accept=no} of systemd. Processes that share such a socket can replace one
     * another without refusing a connection: the new process starts, and then {@link WebSocketServer#drain()} in the old one
     * leaves further connections to it. {@link WebSocketServer#close()} closes the socket as its last step. Then the JDK
     * also redirects {@code System.out} and {@code System.err} of this process to nowhere, so write logs before. If the
     * standard input is no listening socket, or has been closed, the start fails; if a start fails, the socket stays open.
     */
    public WebSocketServerBuilder listenInherited() {
        values.listening = values.listening.withInherited();
        return self();
    }

    /**
     * Sets the permissions of the files of Unix domain sockets: a client can connect if it may write to the file.
     * Default {@code rw-------}, only the user of this process. The permissions are set right after the file is
     * created; until then, the process's umask applies. They have no effect on a system without such permissions;
     * there, those of the directory apply.
     */
    public WebSocketServerBuilder socketPermissions(Set<PosixFilePermission> permissions) {
        values.listening = values.listening.withSocketPermissions(permissions);
        return self();
    }

    /**
     * Sets whether other processes of the same user may listen on the same ports (SO_REUSEPORT), if they set this
     * option too. The system distributes the connections among them. Default false. Does not apply to Unix domain
     * sockets. If the system does not support the option, the start fails.
     */
    public WebSocketServerBuilder reusePort(boolean reusePort) {
        values.listening = values.listening.withReusePort(reusePort);
        return self();
    }

    /**
     * Sets the maximum number of connections that wait to be accepted, for each address. Default 1,024; the system may
     * have a lower limit.
     */
    public WebSocketServerBuilder backlog(int backlog) {
        Bounds.check("backlog", backlog, 1, Integer.MAX_VALUE);
        values.listening = values.listening.withBacklog(backlog);
        return self();
    }

    /**
     * Makes the server use TLS for all connections, with these certificates: {@code wss://}. Default: no TLS. The server
     * reads changed files again if {@link TlsCertificates.Builder#reloadInterval} is set.
     */
    public WebSocketServerBuilder tls(TlsCertificates certificates) {
        return tls(certificates, parameters -> {});
    }

    /**
     * Makes the server use TLS with these certificates and parameters.
     *
     * @param customizer as for {@link WebSocketServerBuilder#tls(SSLContext, Consumer) tls}
     * @throws IllegalArgumentException if the JDK does not support the parameters
     */
    public WebSocketServerBuilder tls(TlsCertificates certificates, Consumer<SSLParameters> customizer) {
        values.tls = Optional.of(TlsSettings.of(certificates, customizer));
        return self();
    }

    /** Makes the server use TLS for all connections, with the key of this context. */
    public WebSocketServerBuilder tls(SSLContext context) {
        return tls(context, parameters -> {});
    }

    /**
     * Makes the server use TLS with the given parameters, for example for client authentication.
     *
     * @param customizer changes the parameters, such as client authentication, protocols or cipher suites. The defaults are
     *                   TLS 1.3 and 1.2, as far as the context supports them; the cipher suites with forward secrecy and
     *                   authenticated encryption, in the server's order; key exchange with elliptic curves only; and
     *                   {@code http/1.1} for clients that offer protocols by ALPN. The customizer is called now, and again
     *                   when a server starts
     * @throws IllegalArgumentException if the context does not support the parameters
     */
    public WebSocketServerBuilder tls(SSLContext context, Consumer<SSLParameters> customizer) {
        values.tls = Optional.of(TlsSettings.of(context, customizer));
        return self();
    }
}
