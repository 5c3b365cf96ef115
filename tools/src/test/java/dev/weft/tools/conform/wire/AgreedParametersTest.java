package dev.weft.tools.conform.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The answers to the offers of clients (RFC 7692 §7.1). */
class AgreedParametersTest {
    private static final String TWO_OFFERS = "permessage-deflate; server_max_window_bits=12; client_max_window_bits, "
            + "permessage-deflate; server_no_context_takeover; client_max_window_bits";

    private static Head request(String extensions) {
        return new Head("GET / HTTP/1.1", List.of("Sec-WebSocket-Extensions: " + extensions));
    }

    @ParameterizedTest
    @CsvSource({
            "permessage-deflate, permessage-deflate; server_max_window_bits=12",
            "permessage-deflate; client_max_window_bits, permessage-deflate; server_max_window_bits=12",
            "permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=9",
            // more than the first offer permits
            "permessage-deflate; server_max_window_bits=15, permessage-deflate; server_max_window_bits=15; "
                    + "server_no_context_takeover"
    })
    void answersMustKeepWhatIsWanted(String wanted, String answer) {
        assertEquals(answer, AgreedParameters.answer(request(TWO_OFFERS), wanted));
    }

    @Test
    void windowMustBeMadeSmallerIfNoOfferAllowsIt() {
        assertEquals("permessage-deflate; server_max_window_bits=10", AgreedParameters.answer(
                request("permessage-deflate; server_max_window_bits=10"),
                "permessage-deflate; server_max_window_bits=15"));
    }

    @Test
    void thereMustBeNoAnswerWithoutOffer() {
        assertNull(AgreedParameters.answer(request("x-other"), "permessage-deflate"));
        assertNull(AgreedParameters.answer(request("permessage-deflate"),
                "permessage-deflate; client_max_window_bits=10"));
        assertFalse(AgreedParameters.allows(request("permessage-deflate"),
                "permessage-deflate; client_max_window_bits=10"));
        assertTrue(AgreedParameters.allows(request("permessage-deflate"),
                "permessage-deflate; server_max_window_bits=10"));
    }
}
