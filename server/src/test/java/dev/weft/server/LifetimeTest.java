package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.Message;
import dev.weft.WebSocketHandler;
import dev.weft.server.HandshakeDecision.Accept;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a connection that has lasted for long enough, or whose authorization has expired. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LifetimeTest {
    /** Renews for the number of seconds that a message contains, and sends the attachment for any other message. */
    private static final WebSocketHandler RENEWING = ws -> {
        while (ws.receive() instanceof Message.Text(String text)) {
            if (text.equals("who")) {
                ws.send(ws.attachment(String.class).orElse("nobody"));
            } else {
                ws.renew(Instant.now().plusSeconds(Long.parseLong(text)));
                ws.send("renewed");
            }
        }
    };

    private static Endpoint expiring(Accept decision) {
        return Endpoint.of(RENEWING).policy(request -> decision).pingInterval(Duration.ofDays(20));
    }

    private static Instant in(int seconds) {
        return Instant.now().plusSeconds(seconds);
    }

    @Test
    void anExpiredAuthorizationMustCloseTheConnection() {
        Accept accept = HandshakeDecision.accept().withAttachment("user").withExpiresAt(in(20));
        try (TestServer server = TestServer.of("/", expiring(accept))) {
            TestConnection client = server.open("/");
            server.advance(Duration.ofSeconds(10));
            client.send("who").expectText("user");
            server.advance(Duration.ofSeconds(15));
            client.expectClose(3000, "the authorization has expired");
        }
    }

    @Test
    void theCodeMustBeThatOfThePolicy() {
        Accept accept = HandshakeDecision.accept().withExpiresAt(in(1), new CloseReason(4001, "log in again"));
        try (TestServer server = TestServer.of("/", expiring(accept))) {
            // The answer shows that the connection is open on the server, too, before its clock advances.
            TestConnection client = server.open("/").send("who").expectText("nobody");
            server.advance(Duration.ofSeconds(5));
            client.expectClose(4001, "log in again");
        }
        assertThrows(IllegalArgumentException.class,
                () -> HandshakeDecision.accept().withExpiresAt(in(1), new CloseReason(1006, "")));
    }

    @Test
    void aRenewalMustReplaceTheTime() {
        try (TestServer server = TestServer.of("/", expiring(HandshakeDecision.accept().withExpiresAt(in(10))))) {
            TestConnection client = server.open("/");
            client.send("60").expectText("renewed");
            server.advance(Duration.ofSeconds(30));
            client.send("who").expectText("nobody");
            client.send("10").expectText("renewed");
            server.advance(Duration.ofSeconds(15));
            client.expectClose(3000);
        }
    }

    @Test
    void withoutAnExpiryThereMustBeNothingToRenew() {
        try (TestServer server = TestServer.of("/", Endpoint.of(ws -> {
            assertEquals(Optional.empty(), ws.expiresAt());
            assertThrows(IllegalStateException.class, () -> ws.renew(in(1)));
            ws.send("checked");
            ws.awaitClose();
        }))) {
            server.open("/").expectText("checked");
        }
    }

    @Test
    void theTimeMustBeKnownToTheHandler() {
        Instant far = Instant.MAX;
        try (TestServer server = TestServer.of("/", Endpoint.of(ws -> {
            ws.send(ws.expiresAt().orElseThrow().equals(far) ? "known" : "wrong");
            ws.awaitClose();
        }).policy(request -> HandshakeDecision.accept().withExpiresAt(far)))) {
            TestConnection client = server.open("/").expectText("known");
            server.advance(Duration.ofSeconds(15));
            assertTrue(client.connection().isOpen());
        }
    }

    @Test
    void theEarlierExpiryMustHoldWhenPoliciesAreCombined() {
        Accept early = HandshakeDecision.accept().withExpiresAt(Instant.ofEpochSecond(1));
        Accept late = HandshakeDecision.accept().withExpiresAt(Instant.ofEpochSecond(2));
        for (Accept merged : new Accept[]{early.merge(late), late.merge(early), early.merge(HandshakeDecision.accept()),
                HandshakeDecision.accept().merge(early)}) {
            assertEquals(Instant.ofEpochSecond(1), merged.expiry().orElseThrow().at());
        }
    }

    @Test
    void aConnectionMustNotLastLongerThanItMay() {
        try (TestServer server = TestServer.of("/", Endpoint.of(RENEWING).maxLifetime(Duration.ofSeconds(20))
                .pingInterval(Duration.ofDays(20)))) {
            TestConnection client = server.open("/");
            server.advance(Duration.ofSeconds(15));
            client.send("who").expectText("nobody");
            server.advance(Duration.ofSeconds(10));
            client.expectClose(1001);
        }
    }
}
