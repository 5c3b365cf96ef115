package dev.weft.bench.topics;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The broker and each node in a network namespace of its own, on Linux and for root. There is a link between each node and the
 * broker, which is taken down and up again, and links from here to all of them. Connections outlive a short cut: TCP sends
 * again what was lost.
 */
final class NamespaceNetwork implements FaultNetwork {
    /** The namespace of this process, which the clients use. */
    private static final String HERE = "";
    private static final int BROKER_PORT = 7000;
    private static final int NODE_PORT = 7001;

    private final String suffix = "-" + ProcessHandle.current().pid();
    private final List<String> namespaces = new ArrayList<>();

    NamespaceNetwork(int nodeCount) throws IOException, InterruptedException {
        boolean made = false;
        try {
            add(brokerName());
            link(HERE, brokerName(), "clients", "10.77.100.1", "10.77.100.2");
            for (int i = 0; i < nodeCount; i++) {
                add(nodeName(i));
                link(HERE, nodeName(i), "clients", "10.77." + i + ".1", "10.77." + i + ".2");
                link(brokerName(), nodeName(i), "broker", "10.78." + i + ".1", "10.78." + i + ".2");
            }
            made = true;
        } finally {
            if (!made) {
                close();
            }
        }
    }

    private String brokerName() {
        return "weft-broker" + suffix;
    }

    private String nodeName(int node) {
        return "weft-node" + node + suffix;
    }

    private void add(String namespace) throws IOException, InterruptedException {
        ip(HERE, "netns", "add", namespace);
        namespaces.add(namespace);
        ip(namespace, "link", "set", "lo", "up");
    }

    /** Makes a link between two namespaces. At the near end, it is named after the far one. */
    private static void link(String near, String far, String name, String nearAddress, String farAddress)
            throws IOException, InterruptedException {
        ip(near, "link", "add", nameOfLink(far), "type", "veth", "peer", "name", name, "netns", far);
        ip(near, "address", "add", nearAddress + "/30", "dev", nameOfLink(far));
        ip(near, "link", "set", nameOfLink(far), "up");
        ip(far, "address", "add", farAddress + "/30", "dev", name);
        ip(far, "link", "set", name, "up");
    }

    /** Names of links have at most 15 bytes. */
    private static String nameOfLink(String namespace) {
        return namespace.replace("weft-", "").replaceFirst("-\\d+$", "");
    }

    private static void ip(String namespace, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        if (!namespace.equals(HERE)) {
            command.addAll(List.of("-n", namespace));
        }
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
    }

    @Override
    public String brokerHost() {
        return "0.0.0.0";
    }

    @Override
    public InetSocketAddress broker(int server) {
        return new InetSocketAddress("10.77.100.2", BROKER_PORT + server);
    }

    @Override
    public InetSocketAddress brokerFor(int node) {
        return new InetSocketAddress("10.78." + node + ".1", BROKER_PORT);
    }

    @Override
    public InetSocketAddress node(int node) {
        return new InetSocketAddress("10.77." + node + ".2", NODE_PORT);
    }

    @Override
    public List<String> brokersPlace() {
        return List.of("ip", "netns", "exec", brokerName());
    }

    @Override
    public List<String> placeOf(int node) {
        return List.of("ip", "netns", "exec", nodeName(node));
    }

    @Override
    public void cut(int node) throws IOException, InterruptedException {
        ip(brokerName(), "link", "set", nameOfLink(nodeName(node)), "down");
    }

    @Override
    public void mend(int node) throws IOException, InterruptedException {
        ip(brokerName(), "link", "set", nameOfLink(nodeName(node)), "up");
    }

    @Override
    public void close() throws IOException {
        try {
            for (String each : namespaces) {
                ip(HERE, "netns", "delete", each);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
