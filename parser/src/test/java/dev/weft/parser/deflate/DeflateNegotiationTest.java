package dev.weft.parser.deflate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.deflate.DeflateNegotiation.Accepted;
import dev.weft.parser.deflate.ExtensionHeader.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeflateNegotiationTest {
    /** Accepts every offer. */
    private static final DeflateSettings ANY = DeflateSettings.builder().incomingMaxWindowBits(15).build();
    private static final String PMD = "permessage-deflate";

    private static List<Entry> entries(String... lines) {
        return ((ExtensionHeader.Valid) ExtensionHeader.parse(List.of(lines))).entries();
    }

    private static Optional<Accepted> accept(DeflateSettings settings, String... lines) {
        return DeflateNegotiation.accept(entries(lines), settings);
    }

    private static NegotiatedDeflate confirm(DeflateSettings settings, String response) throws Exception {
        return DeflateNegotiation.confirm(entries(response), settings).orElseThrow();
    }

    // The server.

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            // offer | response | server, client: no takeover | server, client: bits
            "permessage-deflate | permessage-deflate | false | false | 15 | 15",
            "permessage-deflate; server_no_context_takeover | permessage-deflate; server_no_context_takeover"
                    + " | true | false | 15 | 15",
            "permessage-deflate; client_no_context_takeover | permessage-deflate; client_no_context_takeover"
                    + " | false | true | 15 | 15",
            "permessage-deflate; client_max_window_bits | permessage-deflate | false | false | 15 | 15",
            "permessage-deflate; client_max_window_bits=15 | permessage-deflate | false | false | 15 | 15",
            "permessage-deflate; client_max_window_bits=8 | permessage-deflate; client_max_window_bits=8"
                    + " | false | false | 15 | 8",
            "permessage-deflate; client_max_window_bits=\"10\" | permessage-deflate; client_max_window_bits=10"
                    + " | false | false | 15 | 10",
            "permessage-deflate; server_max_window_bits=15 | permessage-deflate; server_max_window_bits=15"
                    + " | false | false | 15 | 15",
            "permessage-deflate; server_max_window_bits=8 | permessage-deflate; server_max_window_bits=8"
                    + " | false | false | 8 | 15",
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=10; client_no_context_takeover;"
                    + "server_no_context_takeover"
                    + " | permessage-deflate; server_no_context_takeover; client_no_context_takeover;"
                    + " server_max_window_bits=10; client_max_window_bits=9 | true | true | 10 | 9"})
    void anOfferIsAnsweredWithWhatItAsksFor(String offer, String response, boolean serverNo, boolean clientNo,
            int serverBits, int clientBits) {
        Accepted accepted = accept(ANY, offer).orElseThrow();
        assertEquals(response, accepted.responseValue());
        assertEquals(new NegotiatedDeflate(serverNo, clientNo, serverBits, clientBits), accepted.negotiated());
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "x=1", "server_no_context_takeover=1", "client_no_context_takeover=true",
            "server_no_context_takeover; server_no_context_takeover", "client_no_context_takeover; "
                    + "client_no_context_takeover",
            "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
            "server_max_window_bits=0", "server_max_window_bits=08", "server_max_window_bits=010",
            "server_max_window_bits=-9", "server_max_window_bits=+9", "server_max_window_bits=9.0",
            "server_max_window_bits=nine", "server_max_window_bits=99999999999999999999",
            "server_max_window_bits=9; server_max_window_bits=9", "client_max_window_bits=7",
            "client_max_window_bits=16", "client_max_window_bits=\"09\"", "client_max_window_bits; "
                    + "client_max_window_bits",
            "client_max_window_bits=9; client_max_window_bits", "client_max_window_bits=1O", "SERVER_MAX_WINDOW_BITS=9",
            "server_max_window_bits=9; x"})
    void invalidOffersMustBeDeclinedIndividually(String parameters) {
        assertEquals(Optional.empty(), accept(ANY, PMD + "; " + parameters));
        Accepted second = accept(ANY, PMD + "; " + parameters, "x, " + PMD + "; server_max_window_bits=9, " + PMD)
                .orElseThrow();
        assertEquals(PMD + "; server_max_window_bits=9", second.responseValue());
    }

    @Test
    void firstAcceptableOfferMustBeAccepted() {
        assertEquals(PMD + "; server_max_window_bits=10",
                accept(ANY, PMD + "; server_max_window_bits=10, " + PMD).orElseThrow().responseValue());
        assertEquals(PMD, accept(ANY, PMD, PMD + "; server_max_window_bits=10").orElseThrow().responseValue());
    }

    @Test
    void otherExtensionsAreNotAccepted() {
        assertEquals(Optional.empty(), accept(ANY));
        assertEquals(Optional.empty(),
                accept(ANY, "x-webkit-deflate-frame, permessage-bzip2; server_max_window_bits=9"));
    }

    @ParameterizedTest
    @CsvSource({"8", "9", "10", "11", "12", "13", "14", "15"})
    void eachEndsBoundHolds(int own) {
        DeflateSettings settings = DeflateSettings.builder().outgoingMaxWindowBits(own).incomingMaxWindowBits(own)
                .build();
        for (int offered = 8; offered <= 15; offered++) {
            int least = Math.min(own, offered);
            Accepted accepted = accept(settings,
                    PMD + "; server_max_window_bits=" + offered + "; client_max_window_bits=" + offered).orElseThrow();
            assertEquals(new NegotiatedDeflate(false, false, least, least), accepted.negotiated());
            assertEquals(PMD + "; server_max_window_bits=" + least
                    + (least < 15 ? "; client_max_window_bits=" + least : ""), accepted.responseValue());
        }
    }

    @Test
    void aClientThatCannotBeBoundIsAskedToForgetItsContext() {
        Accepted accepted = accept(DeflateSettings.builder().incomingMaxWindowBits(12).build(), PMD).orElseThrow();
        assertEquals(PMD + "; client_no_context_takeover", accepted.responseValue());
        assertEquals(new NegotiatedDeflate(false, true, 15, 15), accepted.negotiated());
    }

    @Test
    void aServersSmallerWindowIsNotNamedUnlessTheClientDid() {
        Accepted accepted = accept(
                DeflateSettings.builder().outgoingMaxWindowBits(9).incomingMaxWindowBits(15).build(), PMD)
                .orElseThrow();
        assertEquals(PMD, accepted.responseValue());
        assertEquals(9, accepted.negotiated().serverMaxWindowBits());
    }

    @Test
    void aServerMayForgetContextThoughNotAsked() {
        Accepted accepted = accept(
                DeflateSettings.builder().outgoingContextTakeover(false).incomingContextTakeover(false).build(),
                PMD + "; client_max_window_bits").orElseThrow();
        assertEquals(PMD + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12",
                accepted.responseValue());
        assertEquals(new NegotiatedDeflate(true, true, 15, 12), accepted.negotiated());
    }

    // The client.

    @Test
    void aClientOffersWhatItsSettingsSay() {
        assertEquals(PMD + "; server_max_window_bits=12; client_max_window_bits, "
                + PMD + "; server_no_context_takeover; client_max_window_bits, "
                + PMD + "; client_max_window_bits",
                DeflateNegotiation.offer(DeflateSettings.DEFAULT));
        assertEquals(PMD + "; client_max_window_bits", DeflateNegotiation.offer(ANY));
        assertEquals(PMD + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9",
                DeflateNegotiation.offer(DeflateSettings.builder().outgoingContextTakeover(false)
                        .incomingContextTakeover(false).incomingMaxWindowBits(15).outgoingMaxWindowBits(9).build()));
    }

    @Test
    void responseWithoutTheExtensionMustDecline() throws Exception {
        assertEquals(Optional.empty(), DeflateNegotiation.confirm(entries(), ANY));
        assertEquals(Optional.empty(), DeflateNegotiation.confirm(entries("x"), ANY));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {" | false | false | 15 | 15",
            "; server_no_context_takeover | true | false | 15 | 15",
            "; client_no_context_takeover | false | true | 15 | 15",
            "; server_max_window_bits=9 | false | false | 9 | 15",
            "; client_max_window_bits=8 | false | false | 15 | 8"})
    void aResponseMayNameMoreThanWasAskedFor(String parameters, boolean serverNo, boolean clientNo, int serverBits,
            int clientBits) throws Exception {
        assertEquals(new NegotiatedDeflate(serverNo, clientNo, serverBits, clientBits),
                confirm(ANY, PMD + (parameters == null ? "" : parameters)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"; x", "; client_max_window_bits", "; server_max_window_bits=7", "; server_max_window_bits",
            "; server_no_context_takeover=0", "; server_no_context_takeover; server_no_context_takeover",
            "; client_max_window_bits=016", ", permessage-deflate"})
    void anInvalidResponseFails(String parameters) {
        ProtocolViolationException failure = assertThrows(ProtocolViolationException.class,
                () -> confirm(ANY, PMD + parameters));
        assertEquals(1002, failure.closeCode());
    }

    @Test
    void aResponseMustKeepToOneOfTheOffers() throws Exception {
        DeflateSettings settings = DeflateSettings.DEFAULT;
        assertEquals(12, confirm(settings, PMD + "; server_max_window_bits=12").serverMaxWindowBits());
        assertEquals(8, confirm(settings, PMD + "; server_max_window_bits=8").serverMaxWindowBits());
        assertTrue(confirm(settings, PMD + "; server_no_context_takeover").serverNoContextTakeover());
        DeflateSettings forgetful = DeflateSettings.builder().incomingContextTakeover(false).build();
        assertThrows(ProtocolViolationException.class, () -> confirm(forgetful, PMD));
        assertThrows(ProtocolViolationException.class, () -> confirm(forgetful, PMD + "; server_max_window_bits=12"));
    }

    @Test
    void serverMayIgnoreTheLimitOfItsWindow() throws Exception {
        assertEquals(new NegotiatedDeflate(false, false, 15, 15), confirm(DeflateSettings.DEFAULT, PMD));
        assertEquals(13, confirm(DeflateSettings.DEFAULT, PMD + "; server_max_window_bits=13").serverMaxWindowBits());
    }

    @Test
    void aClientKeepsToWhatItHintedAt() throws Exception {
        DeflateSettings settings = DeflateSettings.builder().incomingMaxWindowBits(15).outgoingMaxWindowBits(10)
                .outgoingContextTakeover(false).build();
        assertEquals(new NegotiatedDeflate(false, true, 15, 10), confirm(settings, PMD));
        assertEquals(new NegotiatedDeflate(false, true, 15, 10),
                confirm(settings, PMD + "; client_max_window_bits=12"));
    }

    @Test
    void bothEndsComeToTheSameAgreement() throws Exception {
        List<DeflateSettings> all = new ArrayList<>();
        for (int bits : new int[]{8, 12, 15}) {
            for (int takeover = 0; takeover < 4; takeover++) {
                all.add(DeflateSettings.builder().outgoingMaxWindowBits(bits).incomingMaxWindowBits(23 - bits)
                        .outgoingContextTakeover((takeover & 1) == 0).incomingContextTakeover((takeover & 2) == 0)
                        .build());
            }
        }
        for (DeflateSettings client : all) {
            for (DeflateSettings server : all) {
                Accepted accepted = accept(server, DeflateNegotiation.offer(client)).orElseThrow();
                NegotiatedDeflate confirmed = confirm(client, accepted.responseValue());
                NegotiatedDeflate negotiated = accepted.negotiated();
                // The server keeps to this even if it does not name it, and the client need not know.
                assertTrue(negotiated.serverMaxWindowBits() <= confirmed.serverMaxWindowBits());
                assertEquals(negotiated, new NegotiatedDeflate(confirmed.serverNoContextTakeover(),
                        confirmed.clientNoContextTakeover(), negotiated.serverMaxWindowBits(),
                        confirmed.clientMaxWindowBits()));
                assertTrue(confirmed.serverNoContextTakeover()
                        || confirmed.serverMaxWindowBits() <= client.incomingMaxWindowBits());
                assertTrue(negotiated.clientNoContextTakeover()
                        || negotiated.clientMaxWindowBits() <= server.incomingMaxWindowBits());
            }
        }
    }

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        DeflateSettings.Builder builder = DeflateSettings.builder();
        assertNamed("outgoingMaxWindowBits", () -> builder.outgoingMaxWindowBits(7));
        assertNamed("incomingMaxWindowBits", () -> builder.incomingMaxWindowBits(16));
        assertNamed("outgoingHistorySize", () -> builder.outgoingHistorySize(32_769));
        assertNamed("level", () -> builder.level(0));
        assertNamed("minMessageSize", () -> builder.minMessageSize(-1));
        assertNamed("maxIdleDeflaters", () -> builder.maxIdleDeflaters(0));
        assertNamed("maxIdleInflaters", () -> builder.maxIdleInflaters(0));
        assertNamed("clientMaxWindowBits", () -> new NegotiatedDeflate(false, false, 8, 0));
    }

    private static void assertNamed(String setting, Runnable action) {
        assertTrue(assertThrows(IllegalArgumentException.class, action::run).getMessage().startsWith(setting));
    }

    @Test
    void messagesAreCompressedFromTheThresholdOn() {
        DeflateSettings settings = DeflateSettings.builder().minMessageSize(100).build();
        assertEquals(List.of(false, true, true), List.of(settings.compresses(99), settings.compresses(100),
                settings.compresses(-1)));
    }

    @Test
    void aResponseMayNameOnlyWhatWasOffered() throws Exception {
        Optional<DeflateSettings> offered = Optional.of(ANY);
        assertEquals(Optional.empty(), DeflateNegotiation.confirmLines(List.of(), offered));
        assertEquals(Optional.empty(), DeflateNegotiation.confirmLines(List.of(), Optional.empty()));
        assertEquals(new NegotiatedDeflate(false, false, 15, 15),
                DeflateNegotiation.confirmLines(List.of(PMD), offered).orElseThrow());
        assertViolation("x", List.of("x"), offered);
        assertViolation("x", List.of(PMD, "x; a=1"), offered);
        assertViolation("X-Webkit-Deflate-Frame", List.of("X-Webkit-Deflate-Frame"), offered);
        assertViolation(PMD, List.of(PMD), Optional.empty());
        assertViolation("twice", List.of(PMD, PMD), offered);
        assertViolation("twice", List.of(PMD + ", " + PMD), offered);
        assertViolation("quoted", List.of(PMD + "; server_max_window_bits=\"10"), offered);
    }

    private static void assertViolation(String what, List<String> lines, Optional<DeflateSettings> offered) {
        ProtocolViolationException violation = assertThrows(ProtocolViolationException.class,
                () -> DeflateNegotiation.confirmLines(lines, offered));
        assertEquals(1002, violation.closeCode());
        assertTrue(violation.getMessage().contains(what), violation.getMessage());
    }
}
