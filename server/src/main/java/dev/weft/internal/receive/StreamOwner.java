package dev.weft.internal.receive;

import dev.weft.ConnectionClosedException;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;

/** What a message that is read as a stream needs of its connection. Called by the thread that receives. */
public interface StreamOwner {
    /** The exception that a caller gets instead of this exception of the network. */
    IOException translated(IOException e);

    /** Fails the connection, because the peer broke a rule or exceeded a limit. */
    ConnectionClosedException failed(ProtocolViolationException violation);

    /** The exception for calls after the connection's end. */
    ConnectionClosedException closed();
}
