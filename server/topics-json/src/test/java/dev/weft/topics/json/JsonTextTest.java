package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    @ParameterizedTest
    @ValueSource(strings = {"null", "true", "0", "-0", "1.5e3", "1e308", "\"\"", "\"\\u0000\\ud83e\\uddf5🧵\"", "[]",
            "{}",
            " [ 1 , {\"a\":[]} ] ", "123456789012345678901234567890", "{\"a\":1,\"A\":1}", "5e-400"})
    void jsonMustBeAccepted(String text) {
        assertTrue(JsonText.isValue(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "1 2", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "\"\n\"", "01", "+1", ".5", "1.",
            "0x1",
            "NaN", "Infinity", "-Infinity", "// c\n1", "/* c */ 1", "tru", "nulls", "\"\\x\"", "\"\\u12\"", "[1}", "]",
            "\ufeff1", "1\u0000", "{\"a\":1 \"b\":2}", "undefined",
            // I-JSON: no name twice, at any depth and however it is written; no unpaired surrogate; no infinity.
            "{\"a\":1,\"a\":2}", "[{\"a\":{\"b\":1,\"b\":1}}]", "{\"a\":1,\"\\u0061\":2}", "\"\\ud83e\"", "\"\\uddf5\"",
            "\"\\uddf5\\ud83e\"", "{\"\\ud800\":1}", "[\"\\ud83ex\"]", "1e309", "-1e309", "1e99999999999", "[1e400]"})
    void whatIsNotIJsonMustBeRefused(String text) {
        assertFalse(JsonText.isValue(text));
    }

    @Test
    void depthMustBeLimited() {
        assertTrue(JsonText.isValue("[".repeat(64) + "]".repeat(64)));
        assertFalse(JsonText.isValue("[".repeat(65) + "]".repeat(65)));
        assertFalse(JsonText.isValue("[".repeat(100_000)));
        assertFalse(JsonText.isValue("{\"a\":".repeat(65) + "1" + "}".repeat(65)));
    }

    @Test
    void aPayloadMustHaveTheSameLimitInAnEnvelope() throws Exception {
        String deepest = "[".repeat(64) + "]".repeat(64);
        assertEquals(deepest, JsonObject.parse("{\"data\":" + deepest + "}").text("data"));
        assertThrows(InvalidJsonException.class, () -> JsonObject.parse("{\"data\":[" + deepest + "]}"));
    }

    @Test
    void numbersMustBeLimited() {
        assertTrue(JsonText.isValue("1".repeat(100)));
        assertFalse(JsonText.isValue("1".repeat(101)));
        assertFalse(JsonText.isValue("[" + "1".repeat(1_000_000) + "]"));
        assertFalse(JsonText.isValue("0." + "1".repeat(101)));
    }

    @Test
    void quotedTextMustBeReadAsItWas() throws Exception {
        String text = "\u0000\u001f \"\\/\u007f\u2028🧵é";
        StringBuilder quoted = new StringBuilder("{\"a\":");
        JsonText.quote(text, quoted);
        assertEquals(text, JsonObject.parse(quoted.append('}').toString()).string("a"));
    }

    @Test
    void moreThan16FieldsMustBeRefused() {
        StringBuilder many = new StringBuilder("{\"f0\":0");
        for (int i = 1; i < 17; i++) {
            many.append(",\"f").append(i).append("\":0");
        }
        assertThrows(InvalidJsonException.class, () -> JsonObject.parse(many + "}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "-1.5e3", "\"a\\\"b🧵\"", "true", "null", "[ 1 , 2 ]", "{ \"x\" : [ { } ] }", "\"\"",
            "[]"})
    void aValueMustStayAsItWasWritten(String value) throws Exception {
        for (String form : List.of("{\"data\":%s}", "{ \"data\" : %s }", "{\"a\":0,\"data\":%s,\"b\":[%s]}")) {
            assertEquals(value, JsonObject.parse(form.replace("%s", value)).text("data"));
        }
    }

    @Test
    void aLongValueMustStayAsItWasWritten() throws Exception {
        String value = "[" + "\"🧵é\\n\", 12.50, {\"k\": null},".repeat(20_000) + "0]";
        assertEquals(value, JsonObject.parse("{ \"type\" : \"publish\", \"data\" :\t" + value + " }").text("data"));
        String string = "\"" + "é🧵\\t".repeat(50_000) + "\"";
        assertEquals(string, JsonObject.parse("{\"data\":" + string + ",\"id\":7}").text("data"));
    }

    // Random texts.

    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth > 4 ? 6 : 8)) {
            case 0 -> "null";
            case 1 -> Boolean.toString(random.nextBoolean());
            case 2 -> Long.toString(random.nextLong());
            case 3 -> Double.toString(random.nextDouble() * 1e9);
            case 4 ->
                "\"" + List.of("", "a", "\\n", "🧵", "\\ud83e\\uddf5", "\\u0000", "}").get(random.nextInt(7)) + "\"";
            case 5 -> random.nextBoolean() ? " []" : "{ }\t";
            case 6 -> "[" + value(random, depth + 1) + "," + value(random, depth + 1) + "]";
            default -> "{\"a\":" + value(random, depth + 1) + " ,\"b\":" + value(random, depth + 1) + "}";
        };
    }

    private static boolean isJsonForGson(String text) {
        try {
            JsonParser.parseString(text);
            return true;
        } catch (JsonParseException e) {
            return false;
        }
    }

    /** Gson accepts more than JSON, so what is accepted here must be the same value there, and nothing may fail otherwise. */
    @Test
    void randomlyChangedMessagesMustBeReadExactlyOrRefused() throws Exception {
        int accepted = 0;
        for (int seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            String data = value(random, 0).strip();
            String text = "{\"type\":\"publish\",\"id\":" + random.nextInt(1, 100) + ",\"topic\":\"a/b\",\"data\":"
                    + data + "}";
            ClientRequest.Publish sound = (ClientRequest.Publish) ClientRequest.of(JsonObject.parse(text));
            assertEquals(data, sound.data(), "seed " + seed);
            StringBuilder changed = new StringBuilder(text);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                int at = random.nextInt(Math.max(1, changed.length()));
                switch (random.nextInt(3)) {
                    case 0 -> changed.delete(at, at + 1);
                    case 1 -> changed.insert(at, "{}[]\",:\\e-0\ud83eé".charAt(random.nextInt(13)));
                    default -> changed.setLength(at);
                }
            }
            try {
                ClientRequest request = ClientRequest.of(JsonObject.parse(changed.toString()));
                accepted++;
                assertTrue(isJsonForGson(changed.toString()), "seed " + seed + ": " + changed);
                if (request instanceof ClientRequest.Publish publish) {
                    assertTrue(JsonText.isValue(publish.data()), "seed " + seed + ": " + changed);
                    assertEquals(JsonParser.parseString(changed.toString()).getAsJsonObject().get("data"),
                            JsonParser.parseString(publish.data()), "seed " + seed);
                }
            } catch (InvalidJsonException | InvalidMessageException e) {
                // The only two that a message may cause.
            }
        }
        assertTrue(accepted > 100, "accepted: " + accepted);
    }
}
