package dev.weft.topics.json;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import dev.weft.topics.Position;
import dev.weft.topics.Publication;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.Subscription;
import dev.weft.topics.TopicException;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;

/** One connection that speaks the subprotocol. For the thread of its handler. */
final class JsonSession {
    /** One object for all subscriptions, so that a message gets its form once. */
    private static final Function<Publication, PreparedMessage> FORMAT = Envelope::message;
    /** After this many invalid messages in a row, the peer is not one that makes a mistake now and then. */
    private static final int MOST_INVALID = 10;
    /** RFC 6455 §5.5: a control frame has at most 125 bytes, of which the code is two. */
    private static final int LONGEST_REASON = 123;

    private final JsonTopics settings;
    private final WebSocketConnection connection;
    private final Set<String> watched = new HashSet<>(0);
    private int invalid;

    JsonSession(JsonTopics settings, WebSocketConnection connection) {
        this.settings = settings;
        this.connection = connection;
    }

    void run() throws IOException {
        try {
            while (serve(connection.receive())) {}
        } finally {
            watched.forEach(topic -> settings.watch().remove(connection, topic));
        }
    }

    /** Returns whether the connection goes on. */
    private boolean serve(Message message) throws IOException {
        return switch (message) {
            case Message.Text(String text) -> serve(text);
            case Message.Binary binary -> close(CloseCode.UNSUPPORTED_DATA, "only text messages");
            case Message.Close close -> false;
        };
    }

    private boolean serve(String text) throws IOException {
        JsonObject message;
        try {
            message = JsonObject.parse(text);
        } catch (InvalidJsonException e) {
            return close(CloseCode.INVALID_FRAME_PAYLOAD_DATA, "invalid JSON: " + e.getMessage());
        }
        try {
            answer(ClientRequest.of(message));
            invalid = 0;
        } catch (InvalidMessageException e) {
            if (++invalid > MOST_INVALID) {
                return close(CloseCode.POLICY_VIOLATION, "too many invalid messages");
            }
            connection.send(Envelope.error(idOf(message), "invalid", e.getMessage()));
        }
        return true;
    }

    private static long idOf(JsonObject message) {
        try {
            return message.id();
        } catch (InvalidMessageException e) {
            return 0;
        }
    }

    private boolean close(int code, String reason) {
        StringBuilder ascii = new StringBuilder(LONGEST_REASON);
        reason.chars().limit(LONGEST_REASON)
                .forEach(each -> ascii.append(each < ' ' || each > '~' ? '?' : (char) each));
        connection.close(code, ascii.toString());
        return false;
    }

    private void answer(ClientRequest request) throws IOException, InvalidMessageException {
        try {
            switch (request) {
                case ClientRequest.Subscribe it -> subscribe(it);
                case ClientRequest.Unsubscribe it -> unsubscribe(it);
                case ClientRequest.Publish it -> publish(it);
                case ClientRequest.Presence it -> presence(it);
                case ClientRequest.Ping it -> connection.send(Envelope.pong(it.id()));
            }
        } catch (TopicException e) {
            if (e.reason() == TopicException.Reason.INVALID_KEY) {
                throw new InvalidMessageException(e.getMessage());
            }
            connection.send(Envelope.error(request.id(), e));
        }
    }

    /** The answer is the greeting, so that nothing of the topic is sent before it. */
    private void subscribe(ClientRequest.Subscribe request) {
        SubscribeOptions options = SubscribeOptions.DEFAULT.format(FORMAT).gapNotice(Envelope::gap)
                .greeting((Subscription it) -> subscribed(request, it));
        if (request.since() != null) {
            options = options.since(request.since());
        } else if (request.last() > 0) {
            options = options.last(request.last());
        }
        Topics topics = settings.topics();
        Subscription begun = settings.wildcards()
                ? topics.subscribeMatching(connection, request.topic(), options)
                : topics.subscribe(connection, request.topic(), options);
        if (request.presence()) {
            watched.add(request.topic());
            settings.watch().add(begun);
        }
    }

    private PreparedMessage subscribed(ClientRequest.Subscribe request, Subscription it) {
        if (!request.presence()) {
            // Before the answer: after it, a client that no longer wants to know is not told who comes and goes.
            stopWatching(request.topic());
        }
        return Envelope.subscribed(request.id(), it);
    }

    private void stopWatching(String topic) {
        if (watched.remove(topic)) {
            settings.watch().remove(connection, topic);
        }
    }

    private void unsubscribe(ClientRequest.Unsubscribe request) throws IOException {
        stopWatching(request.topic());
        if (settings.topics().unsubscribe(connection, request.topic())) {
            connection.send(Envelope.unsubscribed(request.id(), request.topic()));
        } else {
            notSubscribed(request);
        }
    }

    private void notSubscribed(ClientRequest request) throws IOException {
        connection.send(Envelope.error(request.id(), "not_subscribed", "not subscribed to this topic"));
    }

    private void publish(ClientRequest.Publish request) throws IOException {
        String data;
        try {
            data = settings.filter(connection, request);
        } catch (IllegalArgumentException e) {
            connection.send(Envelope.error(request.id(), "refused", e.getMessage()));
            return;
        }
        PreparedMessage message = PreparedMessage.text(data);
        Position position = request.key() == null
                ? settings.topics().publish(connection, request.topic(), message)
                : settings.topics().publishLatest(connection, request.topic(), request.key(), message);
        if (request.id() != 0) {
            connection.send(Envelope.published(request.id(), position));
        }
    }

    private void presence(ClientRequest.Presence request) throws IOException {
        if (settings.topics().subscriptions(connection).contains(request.topic())) {
            connection.send(settings.watch().answer(request.id(), request.topic()));
        } else {
            notSubscribed(request);
        }
    }
}
