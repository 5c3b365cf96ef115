package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;

/** Answers requests that are no handshakes, such as a browser's for a page. */
@FunctionalInterface
public interface HttpFallback {
    /**
     * Answers a request, on the connection's virtual thread; the connection is closed behind the answer. The peer has the
     * write and the close timeout together to take all of it: it is meant for pages, not for large files. What this throws
     * becomes a 500.
     *
     * @param request a GET or HEAD request; a HEAD is sent the head of the answer alone
     */
    HttpResponse respond(RequestHead request) throws Exception;
}
