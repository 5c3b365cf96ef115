package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** A server that cannot listen says where it tried to. */
class ListenTest {
    private static BindException failure(String host, int port) {
        return assertThrows(BindException.class, () -> Handlers.echoServer().host(host).port(port).start());
    }

    @Test
    void portInUseMustBeNamed() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            BindException thrown = failure("127.0.0.1", other.getLocalPort());
            assertEquals("cannot listen on 127.0.0.1:" + other.getLocalPort() + ": Address already in use",
                    thrown.getMessage());
            assertEquals("Address already in use", thrown.getCause().getMessage());
        }
    }

    @Test
    void addressOfAnotherMachineMustBeNamed() {
        // RFC 5737: for documentation, nobody's.
        String message = failure("192.0.2.1", 9001).getMessage();
        assertTrue(message.startsWith("cannot listen on 192.0.2.1:9001: "), message);
    }

    @Test
    void unknownHostMustBeNamed() {
        UnknownHostException thrown = assertThrows(UnknownHostException.class,
                () -> Handlers.echoServer().host("weft.invalid").port(1).start());
        assertEquals("cannot listen on weft.invalid:1: unknown host weft.invalid", thrown.getMessage());
    }
}
