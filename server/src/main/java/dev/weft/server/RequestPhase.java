package dev.weft.server;

/** The phase of a session before its connection is open; {@link RequestDeadlines} shows the transitions. */
enum RequestPhase {
    /**
     * The header of the PROXY protocol is being read, or the TLS handshake is in progress, if they are used: the handshake
     * deadline applies, and no answer can be sent yet.
     */
    PREFACE,
    /** The request head is being read: the handshake deadline applies, and includes the time of the preface. */
    HEAD,
    /** The policy or the HTTP handler, which is user code, decides: its deadline applies, and the peer is watched. */
    DECIDING,
    /** An HTTP handler waits for the body of its request: the body's own deadline ends that wait. */
    BODY,
    /**
     * The response to a plain request is being written: the write deadline applies, and restarts with each progress.
     */
    WRITING,
    /** Between two writes of a streamed response, user code produces more: the handler's deadline applies. */
    PRODUCING,
    /** The connection waits for its next plain request: the keep-alive deadline applies. */
    IDLE,
    /**
     * The last answer is being written, and after a refusal the connection is closed: the write and close deadlines
     * apply.
     */
    ANSWERING,
    /**
     * Another thread writes the answer, while the session's own thread may still be waiting for the head; the same
     * deadlines apply.
     */
    GIVEN_UP
}
