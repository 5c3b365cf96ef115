package dev.weft.topics.json;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;

/**
 * The rules for JSON, which are those of I-JSON (RFC 7493), with limits: no name twice in an object, no unpaired surrogate, no
 * number that a {@code double} cannot hold, no number or nesting beyond a limit. So every reader sees the same, whichever
 * language it is written in.
 */
final class JsonText {
    /** How deep the arrays and objects of a payload may be nested. */
    static final int MAX_DEPTH = 64;
    private static final int MAX_NUMBER_LENGTH = 100;
    private static final int MOST_BUFFERS = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH + 1) // a payload is in an object
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            // A table of the names that peers choose would be shared by all connections.
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .recyclerPool(JsonRecyclerPools.newBoundedPool(MOST_BUFFERS)) // the default never gives back what it has
            .build();

    private JsonText() {}

    static JsonParser parser(String text) {
        return FACTORY.createParser(ObjectReadContext.empty(), text);
    }

    /** Whether the text is one JSON value that may be a payload. */
    static boolean isValue(String text) {
        try {
            checkValue(text);
            return true;
        } catch (InvalidJsonException e) {
            return false;
        }
    }

    static void checkValue(String text) throws InvalidJsonException {
        try (JsonParser parser = parser(text)) {
            if (parser.nextToken() == null) {
                throw new InvalidJsonException("empty");
            }
            skipValue(parser, MAX_DEPTH);
            expectEnd(parser);
        } catch (JacksonException e) {
            throw new InvalidJsonException(e.getOriginalMessage());
        }
    }

    static void expectEnd(JsonParser parser) throws InvalidJsonException {
        if (parser.nextToken() != null) {
            throw new InvalidJsonException("more after the end of the value");
        }
    }

    /** Reads to the end of the current value, and checks all of it. */
    static void skipValue(JsonParser parser, int maxDepth) throws InvalidJsonException {
        int depth = 0;
        do {
            JsonToken token = depth == 0 ? parser.currentToken() : parser.nextToken();
            switch (token) {
                case START_OBJECT, START_ARRAY -> {
                    if (++depth > maxDepth) {
                        throw new InvalidJsonException("nested deeper than " + maxDepth);
                    }
                }
                case END_OBJECT, END_ARRAY -> depth--;
                case PROPERTY_NAME, VALUE_STRING -> checkString(parser);
                case VALUE_NUMBER_FLOAT -> checkRange(parser);
                case VALUE_NUMBER_INT -> parser.finishToken();
                default -> {}
            }
        } while (depth > 0);
    }

    /** RFC 7493 §2.2: beyond, some readers get infinity, and others another number or none. */
    private static void checkRange(JsonParser parser) throws InvalidJsonException {
        if (!Double.isFinite(Double.parseDouble(parser.getString()))) {
            throw new InvalidJsonException("a number is too large");
        }
    }

    /** RFC 7493 §2.1: an unpaired surrogate, which only an escape can bring, has no UTF-8. */
    static void checkString(JsonParser parser) throws InvalidJsonException {
        char[] characters = parser.getStringCharacters();
        int offset = parser.getStringOffset();
        int end = offset + parser.getStringLength();
        for (int i = offset; i < end; i++) {
            if (Character.isSurrogate(characters[i])) {
                if (i + 1 == end || !Character.isSurrogatePair(characters[i], characters[i + 1])) {
                    throw new InvalidJsonException("a string has an unpaired surrogate");
                }
                i++;
            }
        }
    }

    /** The strings of an array, which has been checked. */
    static List<String> strings(String array) throws InvalidMessageException {
        List<String> strings = new ArrayList<>();
        try (JsonParser parser = parser(array)) {
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw new InvalidMessageException("not an array");
            }
            while (parser.nextToken() == JsonToken.VALUE_STRING) {
                strings.add(parser.getString());
            }
            if (parser.currentToken() != JsonToken.END_ARRAY) {
                throw new InvalidMessageException("not an array of strings");
            }
        }
        return strings;
    }

    /** Appends a string in quotes. */
    static void quote(String text, StringBuilder out) {
        out.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        out.append('"');
    }
}
