package dev.weft.topics.json;

import dev.weft.topics.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** A message of the subprotocol: one JSON object, of which only the first level is read. Immutable. */
final class JsonObject {
    /** No message has more fields. */
    private static final int MOST_FIELDS = 16;
    private static final int MOST_SHOWN = 40;
    /** Integers up to here are exact in every language (RFC 7493 §2.2). */
    private static final long MAX_INTEGER = (1L << 53) - 1;

    /** The text of a value as it was received; and the value, if it is a string, an integer or a boolean. */
    private record Field(String text, @Nullable Object value) {}

    private final Map<String, Field> fields = new HashMap<>();

    private JsonObject() {}

    /** Reads a message, and checks all of it. */
    static JsonObject parse(String text) throws InvalidJsonException {
        JsonObject object = new JsonObject();
        try (JsonParser parser = JsonText.parser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new InvalidJsonException("not an object");
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                JsonText.checkString(parser);
                String name = parser.currentName();
                parser.nextToken();
                object.fields.put(name, field(parser, text));
                if (object.fields.size() > MOST_FIELDS) {
                    throw new InvalidJsonException("over " + MOST_FIELDS + " fields");
                }
            }
            JsonText.expectEnd(parser);
        } catch (JacksonException e) {
            throw new InvalidJsonException(e.getOriginalMessage());
        }
        return object;
    }

    private static Field field(JsonParser parser, String text) throws InvalidJsonException {
        int begin = (int) parser.currentTokenLocation().getCharOffset();
        JsonToken token = parser.currentToken();
        JsonText.skipValue(parser, JsonText.MAX_DEPTH);
        Object value = switch (token) {
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT -> integer(parser.getString());
            default -> null;
        };
        return new Field(text.substring(begin, (int) parser.currentLocation().getCharOffset()), value);
    }

    private static @Nullable Long integer(String digits) {
        long value = digits.length() > 16 ? -1 : Long.parseLong(digits);
        return value < 0 || value > MAX_INTEGER ? null : value;
    }

    /** Refuses fields that the message must not have. */
    void allow(Set<String> names) throws InvalidMessageException {
        for (String name : fields.keySet()) {
            if (!names.contains(name)) {
                throw new InvalidMessageException("unknown field '" + shown(name) + "'");
            }
        }
    }

    /** As much of a name or a value as a message about it repeats. */
    static String shown(String text) {
        return text.codePointCount(0, text.length()) <= MOST_SHOWN
                ? text
                : text.substring(0, text.offsetByCodePoints(0, MOST_SHOWN)) + "…";
    }

    boolean has(String name) {
        return fields.containsKey(name);
    }

    /** The text of a value, as it was received. */
    String text(String name) throws InvalidMessageException {
        Field field = fields.get(name);
        if (field == null) {
            throw new InvalidMessageException("no field '" + name + "'");
        }
        return field.text();
    }

    String string(String name) throws InvalidMessageException {
        return value(name, String.class, "a string");
    }

    /** An integer within these bounds. */
    long integer(String name, long least, long most) throws InvalidMessageException {
        long value = value(name, Long.class, "a whole number");
        if (value < least || value > most) {
            throw new InvalidMessageException("'" + name + "' must be " + least + " to " + most);
        }
        return value;
    }

    /** The number by which a request and its answer are known; 0 if there is none. */
    long id() throws InvalidMessageException {
        return has("id") ? integer("id", 1, MAX_INTEGER) : 0;
    }

    boolean bool(String name) throws InvalidMessageException {
        return value(name, Boolean.class, "true or false");
    }

    Position position(String name) throws InvalidMessageException {
        try {
            return Position.parse(string(name));
        } catch (IllegalArgumentException e) {
            throw new InvalidMessageException("'" + name + "' is not a position");
        }
    }

    private <T> T value(String name, Class<T> type, String description) throws InvalidMessageException {
        text(name);
        if (!type.isInstance(fields.get(name).value())) {
            throw new InvalidMessageException("'" + name + "' must be " + description);
        }
        return type.cast(fields.get(name).value());
    }
}
