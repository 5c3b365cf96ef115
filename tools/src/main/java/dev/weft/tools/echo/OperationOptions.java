package dev.weft.tools.echo;

import dev.weft.OverflowPolicy;
import dev.weft.RateLimits;
import dev.weft.server.AddressLimits;
import dev.weft.server.CloseOptions;
import dev.weft.server.DrainSettings;
import dev.weft.server.ProbeSettings;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.tools.options.Notation;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** The launcher's options for operators: rates, limits of addresses, the end of the server, and what others see of it. */
final class OperationOptions {
    private static final Map<String, BiFunction<RateLimits.Builder, Long, RateLimits.Builder>> RATES = Map.of(
            "handshakes", RateLimits.Builder::handshakes,
            "received-bytes", RateLimits.Builder::receivedBytes,
            "received-messages", RateLimits.Builder::receivedMessages,
            "sent-bytes", RateLimits.Builder::sentBytes,
            "sent-messages", RateLimits.Builder::sentMessages,
            "pings", RateLimits.Builder::pings,
            "inflated-bytes", RateLimits.Builder::inflatedBytes);
    /** Those of a connection, which has only one handshake. */
    private static final String KINDS = "received-bytes, received-messages, sent-bytes, sent-messages, pings or"
            + " inflated-bytes";
    private static final Map<OverflowPolicy.Action, OverflowPolicy> POLICIES = Map.of(
            OverflowPolicy.Action.REFUSE, OverflowPolicy.REFUSE,
            OverflowPolicy.Action.DROP_OLDEST, OverflowPolicy.DROP_OLDEST,
            OverflowPolicy.Action.DROP_NEWEST, OverflowPolicy.DROP_NEWEST,
            OverflowPolicy.Action.DISCONNECT, OverflowPolicy.DISCONNECT);

    private final WebSocketServerBuilder builder;
    private final ServerConfiguration defaults;
    /** {@code null} if none of their options was given, as the others. */
    private AddressLimits.Builder addresses;
    private CloseOptions.Builder closing;
    private DrainSettings.Builder drain;
    private ProbeSettings.Builder probes;

    OperationOptions(WebSocketServerBuilder builder, ServerConfiguration defaults) {
        this.builder = builder;
        this.defaults = defaults;
    }

    void declare(OptionTable table) {
        declareRates(table);
        declareQueues(table);
        declareOperation(table);
    }

    private void declareRates(OptionTable table) {
        table.group("Rates and addresses",
                table.option("--max-connections-per-address", Notation.COUNT, "no limit",
                        "Maximum number of connections of one client address; further ones get 429.",
                        count -> addresses().maxConnectionsPerAddress(count)),
                rates(table, "--address-rate", "all connections of one client address", "handshakes, " + KINDS,
                        rates -> addresses().ratesPerAddress(rates)),
                rates(table, "--connection-rate", "each connection", KINDS, builder::rateLimits),
                rates(table, "--total-rate", "all connections together", "handshakes, " + KINDS,
                        builder::totalRateLimits),
                shares(table, builder::rateShares),
                table.option("--max-addresses", Notation.COUNT, "100000",
                        "Maximum number of client addresses that are counted one by one; further ones share counters.",
                        count -> addresses().maxAddresses(count)),
                table.list("--exempt", "PREFIX", "an IP address or a prefix of addresses",
                        prefix -> AddressLimits.builder().exempt(List.of(prefix)), all -> addresses().exempt(all),
                        "Address, or prefix such as 10.0.0.0/8, to which only --connection-rate applies; may be repeated.",
                        List.of()));
    }

    private static OptionSpec rates(OptionTable table, String name, String whose, String kinds,
            Function<RateLimits, ?> setter) {
        return table.list(name, "KIND=N", "a rate, such as received-bytes=1m",
                text -> rate(RateLimits.builder(), kinds, text),
                texts -> {
                    RateLimits.Builder rates = RateLimits.builder();
                    texts.forEach(text -> rate(rates, kinds, text));
                    setter.apply(rates.build());
                },
                "Maximum for " + whose + " in a second, of " + kinds + "; may be repeated.", List.of());
    }

    private static void rate(RateLimits.Builder rates, String kinds, String text) {
        String[] parts = text.split("=", 2);
        if (parts.length == 1 || !RATES.containsKey(parts[0]) || !kinds.contains(parts[0])) {
            throw new IllegalArgumentException(text);
        }
        RATES.get(parts[0]).apply(rates, number(Notation.LONG_SIZE, parts[1]));
    }

    private static OptionSpec shares(OptionTable table, Consumer<Map<String, Integer>> setter) {
        return table.list("--rate-share", "NAME=PERCENT", "a share of 1 to 100 percent, such as live=70",
                text -> WebSocketServer.builder().rateShares(Map.ofEntries(share(text))),
                texts -> {
                    Map<String, Integer> shares = new HashMap<>();
                    texts.forEach(text -> shares.put(share(text).getKey(), share(text).getValue()));
                    setter.accept(shares);
                },
                "Part of --total-rate that is reserved for the endpoints with this rateShare; may be repeated.",
                List.of());
    }

    private static Map.Entry<String, Integer> share(String text) {
        String[] parts = text.split("=", 2);
        if (parts.length == 1) {
            throw new IllegalArgumentException(text);
        }
        return Map.entry(parts[0], number(Notation.COUNT, parts[1]));
    }

    private static <T> T number(Notation<T> notation, String text) {
        try {
            return notation.parse().apply(text);
        } catch (TypeConversionException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private void declareQueues(OptionTable table) {
        table.group("Slow peers",
                table.option("--overflow-policy", Notation.OVERFLOW, defaults.limits().overflowPolicy().action(),
                        action -> builder.overflowPolicy(POLICIES.get(action)),
                        "What happens to a message of trySend if the queue of its peer is full: refuse, drop-oldest,"
                                + " drop-newest or disconnect."),
                table.option("--queue-low-water-mark", Notation.SIZE, defaults.limits().queueLowWaterMark(),
                        builder::queueLowWaterMark,
                        "Bytes in the queue at which a handler learns that it has drained."));
    }

    private void declareOperation(OptionTable table) {
        table.group("Operation",
                table.option("--liveness", Notation.NAME, "none",
                        "Path that answers 200 while the server can do its work.",
                        path -> probes().liveness(path)),
                table.option("--readiness", Notation.NAME, "none",
                        "Path that answers 503 from the beginning of a drain on.",
                        path -> probes().readiness(path)),
                table.option("--health", Notation.NAME, "none", "Path that shows the health of the server.",
                        path -> probes().health(path)),
                table.option("--access-log", Notation.ACCESS_LOG, "none",
                        "Log each request and each connection, in this format: combined or json.",
                        builder::accessLog),
                table.flag("--connection-details", defaults.connectionDetails(), builder::connectionDetails,
                        "Name the thread of each connection, and count its messages and bytes for the table of connections that status shows."),
                table.option("--max-lifetime", Notation.TIME, "no limit",
                        "Maximum time that a connection stays open; it is then closed with 1001.",
                        builder::maxLifetime),
                table.option("--drain-notice", Notation.TIME, Duration.ZERO, time -> drain().notice(time),
                        "Time between the beginning of a drain or of the end, when --readiness answers 503, and the refusal of new"
                                + " connections."),
                table.option("--drain-spread", Notation.TIME, "connections stay until they end by themselves",
                        "Time over which a drain or the end closes the connections, so that their clients do not come back all at"
                                + " once.",
                        time -> closing().spread(time)));
    }

    private AddressLimits.Builder addresses() {
        if (addresses == null) {
            addresses = AddressLimits.builder();
        }
        return addresses;
    }

    private ProbeSettings.Builder probes() {
        if (probes == null) {
            probes = ProbeSettings.builder();
        }
        return probes;
    }

    private DrainSettings.Builder drain() {
        if (drain == null) {
            drain = DrainSettings.builder();
        }
        return drain;
    }

    private CloseOptions.Builder closing() {
        if (closing == null) {
            closing = CloseOptions.builder();
        }
        return closing;
    }

    /** Passes to the builder what was parsed. */
    void apply() {
        if (addresses != null) {
            builder.addressLimits(addresses.build());
        }
        if (probes != null) {
            builder.probeSettings(probes.build());
        }
        if (closing != null) {
            drain().closing(closing.build());
        }
        if (drain != null) {
            builder.drainSettings(drain.build());
        }
    }
}
