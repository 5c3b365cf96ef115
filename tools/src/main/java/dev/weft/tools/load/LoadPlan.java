package dev.weft.tools.load;

import dev.weft.MessageType;
import java.net.URI;
import java.time.Duration;

/**
 * What a run does.
 *
 * @param uri         the server
 * @param connections the number of connections
 * @param rate        messages per second of all connections together; 0 for as many as the window allows
 * @param window      messages of a connection that may wait for their answer, if there is no rate
 * @param size        bytes of a message
 * @param type        of the messages
 * @param rampUp      over which the connections are opened
 * @param duration    of the measurement
 */
record LoadPlan(URI uri, int connections, double rate, int window, int size, MessageType type, Duration rampUp,
        Duration duration) {}
