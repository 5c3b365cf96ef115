package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.ServerConfiguration;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ParameterException;

class OptionSourcesTest {
    @TempDir
    private Path folder;

    private Path config(String text) throws Exception {
        return Files.writeString(folder.resolve("echo.conf"), text);
    }

    private static ServerConfiguration parse(Map<String, String> environment, String... arguments) {
        return LaunchOptions.read(environment, arguments).options().configuration();
    }

    private static String complaint(Map<String, String> environment, String... arguments) {
        return assertThrows(ParameterException.class, () -> LaunchOptions.read(environment, arguments)).getMessage();
    }

    @Test
    void theCommandLinePrecedesTheEnvironmentAndThatTheFile() throws Exception {
        Path file = config("""
                # comment
                max-connections = 1
                backlog=2
                subprotocol = a
                subprotocol = b

                host = 10.0.0.1
                tcp-nodelay = false
                """);
        ServerConfiguration all = parse(Map.of("WEFT_CONFIG", file.toString(), "WEFT_BACKLOG", "3", "WEFT_PORT", "4",
                "WEFT_SUBPROTOCOL", "c, d"), "--port", "5");
        assertEquals(1, all.maxConnections());
        assertEquals(3, all.backlog());
        assertEquals(List.of("c", "d"), all.subprotocols());
        assertFalse(all.tcpNoDelay());
        assertEquals(List.of(InetSocketAddress.createUnresolved("10.0.0.1", 5)), all.addresses());
        assertTrue(parse(Map.of(), "--config=" + file, "--tcp-nodelay").tcpNoDelay());
    }

    @Test
    void aWeakerSourceMustNotSayWhereToListenIfAStrongerOneDoes() throws Exception {
        Path file = config("listen = 127.0.0.1:1\nunix = /tmp/a\n");
        assertEquals(List.of(InetSocketAddress.createUnresolved("127.0.0.1", 7)),
                parse(Map.of(), "--config", file.toString(), "--port=7").addresses());
        assertEquals(List.of(InetSocketAddress.createUnresolved("[::1]", 8)),
                parse(Map.of("WEFT_LISTEN", "[::1]:8"), "--config", file.toString()).addresses());
        assertEquals(2, parse(Map.of(), "--config", file.toString()).addresses().size());
    }

    @Test
    void aSwitchOfTheFileCanBeOff() throws Exception {
        assertFalse(
                LaunchOptions.read(Map.of(), "--config", config("watch = false\n").toString()).options().run().watch);
    }

    @Test
    void complaintsNameThePlace() throws Exception {
        Path file = config("\nprot = 1\n");
        String[] arguments = {"--config", file.toString()};
        assertEquals("unknown option 'prot' (" + file + ", line 2)", complaint(Map.of(), arguments));
        config("port\n");
        assertEquals("'port' has no '=' with a value after it (" + file + ", line 1)", complaint(Map.of(), arguments));
        config("port=1\nport=2\n");
        assertEquals("'port' is there twice (" + file + ", line 2)", complaint(Map.of(), arguments));
        config("check=true\n");
        assertEquals("unknown option 'check' (" + file + ", line 1)", complaint(Map.of(), arguments));
        config("listen=[::1]:1\nlisten=nowhere\n");
        assertEquals("Invalid value for option '--listen' (HOST:PORT): 'nowhere' is not a host and a port (" + file
                + ", line 2)", complaint(Map.of(), arguments));
        assertEquals("--backlog 0 is not within 1 to 2147483647 (WEFT_BACKLOG)",
                complaint(Map.of("WEFT_BACKLOG", "0")));
        assertTrue(complaint(Map.of("WEFT_CONFIG", folder + "/missing")).startsWith("--config " + folder
                + "/missing cannot be read: "));
    }

    @Test
    void variablesThatAreNoOptionsAreIgnored() {
        OptionSources sources = LaunchOptions
                .read(Map.of("WEFT_JAVA_OPTS", "-Xmx1g", "WEFT_SERVICE_HOST", "a", "HOME", "b"))
                .sources();
        assertEquals(Set.of("WEFT_SERVICE_HOST"), sources.unknownVariables());
        assertArrayEquals(new String[0], sources.arguments());
        assertFalse(OptionSources.hasOptions(Map.of("WEFT_JAVA_OPTS", "-Xmx1g")));
        assertTrue(OptionSources.hasOptions(Map.of("WEFT_PORT", "1")));
    }

    @Test
    void helpNeedsNoFile() {
        assertTrue(LaunchOptions.read(Map.of("WEFT_CONFIG", "missing"), "--help").options().isHelpWanted());
    }

    @Test
    void changesAreOfFileAndEnvironment() throws Exception {
        String[] arguments = {"--config", config("port=1\nbacklog=2\n").toString()};
        OptionSources before = LaunchOptions.read(Map.of(), arguments).sources();
        config("port=3\nbacklog=2\nmax-connections=4\n");
        assertEquals(Set.of("--port", "--max-connections"),
                LaunchOptions.read(Map.of(), arguments).sources().changes(before));
    }
}
