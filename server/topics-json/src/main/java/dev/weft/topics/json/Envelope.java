package dev.weft.topics.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.MessageType;
import dev.weft.PreparedMessage;
import dev.weft.topics.Gap;
import dev.weft.topics.Position;
import dev.weft.topics.Publication;
import dev.weft.topics.Recovery;
import dev.weft.topics.Subscription;
import dev.weft.topics.TopicException;
import java.util.Base64;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The messages of both sides, as JSON. */
final class Envelope {
    private static final int OVERHEAD = 100;

    private final StringBuilder out;

    private Envelope(String type, int size) {
        out = new StringBuilder(OVERHEAD + size).append("{\"type\":\"").append(type).append('"');
    }

    private static Envelope of(String type) {
        return new Envelope(type, 0);
    }

    /** A field whose value is JSON. */
    private Envelope json(String name, String value) {
        out.append(",\"").append(name).append("\":").append(value);
        return this;
    }

    private Envelope string(String name, String value) {
        out.append(",\"").append(name).append("\":");
        JsonText.quote(value, out);
        return this;
    }

    private Envelope id(long id) {
        return id == 0 ? this : json("id", Long.toString(id));
    }

    private String end() {
        return out.append('}').toString();
    }

    // The client's.

    static String request(ClientRequest request) {
        return switch (request) {
            case ClientRequest.Subscribe it -> subscribe(it);
            case ClientRequest.Unsubscribe it -> of("unsubscribe").id(it.id()).string("topic", it.topic()).end();
            case ClientRequest.Publish it -> publish(it);
            case ClientRequest.Presence it -> of("presence").id(it.id()).string("topic", it.topic()).end();
            case ClientRequest.Ping it -> of("ping").id(it.id()).end();
        };
    }

    private static String subscribe(ClientRequest.Subscribe request) {
        Envelope envelope = of("subscribe").id(request.id()).string("topic", request.topic());
        if (request.since() != null) {
            envelope.string("since", request.since().toString());
        }
        if (request.last() > 0) {
            envelope.json("last", Integer.toString(request.last()));
        }
        if (request.presence()) {
            envelope.json("presence", "true");
        }
        return envelope.end();
    }

    private static String publish(ClientRequest.Publish request) {
        Envelope envelope = new Envelope("publish", request.data().length()).id(request.id())
                .string("topic", request.topic());
        if (request.key() != null) {
            envelope.string("key", request.key());
        }
        return envelope.json("data", request.data()).end();
    }

    // The server's.

    static PreparedMessage subscribed(long id, Subscription subscription) {
        Envelope envelope = of("subscribed").id(id).string("topic", subscription.filter());
        if (!TopicFilter.hasWildcard(subscription.filter())) {
            envelope.string("position", subscription.after().toString())
                    .json("messages", Integer.toString(subscription.replayed()));
        }
        if (subscription.recovery() != Recovery.NOT_REQUESTED) {
            envelope.json("recovered", Boolean.toString(subscription.recovery() == Recovery.COMPLETE));
        }
        return PreparedMessage.text(envelope.end());
    }

    /**
     * What the subscribers of a topic get. A text that is JSON stays as it is, and any other becomes a string. Without this
     * check, a text could add fields of its own to the envelope.
     */
    static PreparedMessage message(Publication publication) {
        PreparedMessage message = publication.message();
        Envelope envelope = new Envelope("message", message.length()).string("topic", publication.topic())
                .string("position", publication.position().toString());
        if (publication.key().isPresent()) {
            envelope.json("latest", "true");
        }
        if (message.type() == MessageType.BINARY) {
            envelope.string("encoding", "base64")
                    .string("data", UTF_8.decode(Base64.getEncoder().encode(message.payload())).toString());
        } else {
            String text = UTF_8.decode(message.payload()).toString();
            if (JsonText.isValue(text)) {
                envelope.json("data", text);
            } else {
                envelope.string("data", text);
            }
        }
        return PreparedMessage.text(envelope.end());
    }

    /** That messages are lost, of this topic or of any that match this filter. */
    static PreparedMessage gap(Gap gap) {
        Envelope envelope = of("gap").string("topic", gap.topic());
        if (!TopicFilter.hasWildcard(gap.topic())) {
            envelope.string("position", gap.resumed().toString());
        }
        return PreparedMessage.text(envelope.end());
    }

    static String unsubscribed(long id, String topic) {
        return of("unsubscribed").id(id).string("topic", topic).end();
    }

    static String published(long id, Position position) {
        return of("published").id(id).string("position", position.toString()).end();
    }

    /** Who is there: all members, or the first of them in their order. */
    static PreparedMessage members(long id, String topic, Collection<String> members, int most) {
        StringBuilder list = new StringBuilder("[");
        members.stream().limit(most).forEach(member -> {
            list.append(list.length() == 1 ? "" : ",");
            JsonText.quote(member, list);
        });
        return PreparedMessage.text(of("presence").id(id).string("topic", topic)
                .json("members", list.append(']').toString()).json("count", Integer.toString(members.size())).end());
    }

    static PreparedMessage change(String topic, String member, boolean present) {
        return PreparedMessage
                .text(of(present ? "joined" : "left").string("topic", topic).string("member", member).end());
    }

    static String pong(long id) {
        return of("pong").id(id).end();
    }

    static String error(long id, String code, @Nullable String message) {
        return of("error").id(id).string("code", code).string("message", message == null ? "" : message).end();
    }

    static String error(long id, TopicException refusal) {
        return error(id, refusal.reason().name().toLowerCase(Locale.ROOT), refusal.getMessage());
    }
}
