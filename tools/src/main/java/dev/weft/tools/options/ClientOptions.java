package dev.weft.tools.options;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.server.TlsCertificates;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import picocli.CommandLine.Option;

/** The options of every program that opens connections. */
public final class ClientOptions {
    @Option(names = {"-H",
            "--header"}, paramLabel = "NAME:VALUE", description = "A header of the request. May be repeated.")
    private List<String> headers = List.of();

    @Option(names = "--cookie", paramLabel = "NAME=VALUE", description = "A cookie of the request. May be repeated.")
    private List<String> cookies = List.of();

    @Option(names = {"-o", "--origin"}, paramLabel = "ORIGIN", description = "The Origin header.")
    private String origin;

    @Option(names = "--basic", paramLabel = "USER:PASSWORD", description = "Credentials for the server, by Basic "
            + "authentication. Other users of the machine may see them in the list of processes.")
    private String basic;

    @Option(names = {"-s",
            "--subprotocol"}, paramLabel = "NAME", description = "A subprotocol to offer. May be repeated, the "
                    + "preferred one first.")
    private List<String> subprotocols = List.of();

    @Option(names = "--no-deflate", description = "Do not offer compression.")
    private boolean noDeflate;

    @Option(names = {"-k", "--insecure"}, description = "With wss: accept any certificate, for any name.")
    private boolean insecure;

    @Option(names = "--cacert", paramLabel = "FILE", description = "With wss: accept only certificates of the authorities in "
            + "this PEM file.")
    private Path authorities;

    @Option(names = "--cert", paramLabel = "FILE", description = "With wss: a PEM file with the certificate that is shown to a "
            + "server that asks for one, then those of its issuers.")
    private Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "A PEM file with the private key of --cert. Default: the file "
            + "of --cert.")
    private Path key;

    @Option(names = "--proxy", paramLabel = "URI", description = "http://host:port or socks5://host:port, with "
            + "user:password@ before the host if the proxy requires that.")
    private URI proxy;

    @Option(names = "--unix", paramLabel = "FILE", description = "Connect to this socket file, whatever host the URI names.")
    private Path unix;

    @Option(names = {"-L", "--max-redirects"}, paramLabel = "N", description = "Follow at most N redirects. Default 0.")
    private int maxRedirects;

    @Option(names = "--connect-timeout", paramLabel = "TIME", description = "How long the connection may take. Default 10s.")
    private Duration connectTimeout;

    /**
     * The URI of a server as users type it: without a scheme it is ws.
     *
     * @throws IllegalArgumentException if it is not one
     */
    public static URI target(String uri) {
        try {
            return new URI(uri.contains("://") ? uri : "ws://" + uri);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not a URI: " + e.getMessage(), e);
        }
    }

    /**
     * A builder of a client with these settings.
     *
     * @throws IllegalArgumentException if an option is wrong
     * @throws IOException              if there is no TLS
     */
    public WebSocketClientBuilder builder() throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder().maxRedirects(maxRedirects)
                .subprotocols(subprotocols.toArray(String[]::new));
        addHeaders(builder);
        if (noDeflate) {
            builder.noDeflate();
        }
        if (connectTimeout != null) {
            builder.connectTimeout(connectTimeout);
        }
        if (unix != null) {
            builder.unixSocket(unix);
        }
        if (proxy != null) {
            addProxy(builder);
        }
        if (insecure || authorities != null || certificate != null || key != null) {
            addTls(builder);
        }
        return builder;
    }

    private void addTls(WebSocketClientBuilder builder) throws IOException {
        if (insecure && authorities != null) {
            throw new IllegalArgumentException("--insecure and --cacert exclude each other");
        }
        if (key != null && certificate == null) {
            throw new IllegalArgumentException("--key needs --cert");
        }
        TrustManager trust = insecure ? Trust.anybody() : authorities == null ? null : trustedAuthorities();
        try {
            SSLContext context = Trust.context(certificate == null ? null : ownCertificate(), trust);
            builder.tls(context, parameters -> {
                if (insecure) {
                    parameters.setEndpointIdentificationAlgorithm("");
                }
            });
        } catch (GeneralSecurityException e) {
            throw new IOException("there is no TLS: " + e.getMessage(), e);
        }
    }

    private TrustManager trustedAuthorities() {
        try {
            return Trust.only(authorities);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("--cacert " + authorities + " has no certificates as PEM", e);
        }
    }

    private TlsCertificates ownCertificate() {
        try {
            return TlsCertificates.fromPem(certificate, key == null ? certificate : key);
        } catch (IOException e) {
            throw new IllegalArgumentException("--cert: " + e.getMessage(), e);
        }
    }

    private void addHeaders(WebSocketClientBuilder builder) {
        for (String header : headers) {
            String[] parts = header.split(":", 2);
            if (parts.length < 2) {
                throw new IllegalArgumentException("--header " + header + " has no colon");
            }
            builder.header(parts[0].strip(), parts[1].strip());
        }
        if (!cookies.isEmpty()) {
            builder.header("Cookie", String.join("; ", cookies));
        }
        if (origin != null) {
            builder.header("Origin", origin);
        }
        if (basic != null) {
            builder.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(basic.getBytes(UTF_8)));
        }
    }

    private void addProxy(WebSocketClientBuilder builder) {
        String scheme = proxy.getScheme();
        if (proxy.getHost() == null || proxy.getPort() < 0 || !("http".equals(scheme) || "socks5".equals(scheme))) {
            throw new IllegalArgumentException("--proxy is not like http://host:port or socks5://host:port");
        }
        builder.proxy(new Proxy(scheme.equals("http") ? Proxy.Type.HTTP : Proxy.Type.SOCKS,
                InetSocketAddress.createUnresolved(proxy.getHost(), proxy.getPort())));
        if (proxy.getRawUserInfo() != null) {
            String[] credentials = proxy.getRawUserInfo().split(":", 2);
            builder.proxyCredentials(decoded(credentials[0]), credentials.length > 1 ? decoded(credentials[1]) : "");
        }
    }

    /** RFC 3986 §2.1; a + stands for itself, unlike in a form. */
    private static String decoded(String part) {
        return URLDecoder.decode(part.replace("+", "%2B"), UTF_8);
    }
}
