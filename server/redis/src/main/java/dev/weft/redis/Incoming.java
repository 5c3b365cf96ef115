package dev.weft.redis;

import dev.weft.topics.Backplane.Receiver;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Passes what arrives on the connections to the node. On threads of Lettuce. */
final class Incoming implements Link.Listener {
    private static final Logger LOGGER = System.getLogger("dev.weft.redis");

    private final Keys keys;
    private final Routes routes;
    private final Members members;
    private final MessageStore messages;
    private final Receiver receiver;

    Incoming(Keys keys, Routes routes, Members members, MessageStore messages, Receiver receiver) {
        this.keys = keys;
        this.routes = routes;
        this.members = members;
        this.messages = messages;
        this.receiver = receiver;
    }

    @Override
    public void message(Link link, byte[] channel, byte[] message) {
        try {
            Keys.Arrival arrival = keys.arrival(channel, message);
            routes.received(link, keys.group(arrival.topic()), () -> deliver(link, arrival.topic(), arrival.message()));
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a message from Redis cannot be read", e);
        }
    }

    private void deliver(Link link, String topic, byte[] message) {
        try {
            if (Members.isNotice(message)) {
                members.noticed(topic, message, receiver);
            } else {
                receiver.received(messages.decode(topic, message));
            }
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a message from Redis cannot be read", e);
        } catch (Error e) {
            // The message is lost. After the next connection, every topic is compared.
            link.close();
            throw e;
        }
    }

    @Override
    public void ended(Link link, byte[] channel) {
        routes.moved(link, keys.group(channel));
    }
}
