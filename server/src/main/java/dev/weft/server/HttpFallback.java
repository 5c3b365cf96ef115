package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import java.util.Collection;

/** Answers requests that are no handshakes, such as a browser's for a page. */
@FunctionalInterface
public interface HttpFallback {
    /**
     * Answers a request, on the connection's virtual thread; the connection is closed after the answer. The peer has the
     * write and the close timeout together to take all of it: it is meant for pages, not for large files. What this throws
     * becomes a 500. The server adds {@code Date} (RFC 9110 §6.6.1), if the answer has none.
     *
     * @param request a GET or HEAD request by HTTP/1.1 or 1.0; a HEAD is sent the head of the answer alone
     */
    HttpResponse respond(RequestHead request) throws Exception;

    /**
     * The same for requests to these hosts only; others get 421, as from {@link HandshakePolicy#hosts}, where the entries
     * are described. A request that names no host, as may be with HTTP/1.0, is no browser's and is answered.
     *
     * @throws IllegalArgumentException if one is not a host with, perhaps, a port, or there is none
     */
    default HttpFallback forHosts(Collection<String> allowed) {
        HostList list = new HostList(allowed);
        return request -> request.host().map(list::contains).orElse(true) ? respond(request) : HostList.UNKNOWN_HOST;
    }
}
