package dev.weft.tools.load;

import dev.weft.MessageType;
import java.net.URI;
import java.time.Duration;

/**
 * The parameters of a run.
 *
 * @param uri         the server
 * @param connections the number of connections
 * @param rate        the number of messages per second of all connections together; 0 for as many as the window allows
 * @param window      the number of messages of a connection that may wait for their answer, if there is no rate
 * @param size        the size of a message in bytes
 * @param type        the type of the messages
 * @param rampUp      the time over which the connections are opened
 * @param duration    the duration of the measurement
 */
record LoadPlan(URI uri, int connections, double rate, int window, int size, MessageType type, Duration rampUp,
        Duration duration) {}
