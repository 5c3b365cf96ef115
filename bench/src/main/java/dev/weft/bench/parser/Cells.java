package dev.weft.bench.parser;

import dev.weft.bench.deflate.DeflateBenchmark;
import dev.weft.bench.peers.Peers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import okhttp3.OkHttp;

/** The cells that the parser suite measures, the more important ones first. */
final class Cells {
    private static final String WEFT = "Weft";
    private static final List<String> ALL_DECODERS = List.of("weft", "copy", "copy+xor", "netty-heap", "netty-direct",
            "java-websocket", "jetty", "helidon", "okhttp");
    private static final List<String> QUICK_DECODERS = List.of("weft", "copy+xor", "netty-heap", "netty-direct",
            "java-websocket");

    private final List<Cell> cells = new ArrayList<>();

    private Cells() {}

    /** A few cells, for a quick run. */
    static List<Cell> quick() {
        Cells quick = new Cells();
        for (String payload : List.of("125", "1024", "65536", "16")) {
            QUICK_DECODERS.forEach(decoder -> quick.decoder(decoder, payload, "reads"));
        }
        quick.texts(List.of("ascii"));
        quick.masking(List.of("1024"));
        return quick.cells;
    }

    /** All cells. */
    static List<Cell> full() {
        Cells full = new Cells();
        for (String payload : List.of("125", "1024", "16", "65536", FrameStream.MIXED, "0", "126", "16384",
                "1048576")) {
            ALL_DECODERS.forEach(decoder -> full.decoder(decoder, payload, "reads"));
        }
        full.texts(List.of("ascii", "latin"));
        full.masking(List.of("16", "125", "1024", "16384", "65536"));
        full.utf8("16384", List.of("ascii", "latin", "cjk", "emoji"));
        full.utf8("125", List.of("ascii", "latin"));
        full.writer(List.of("125", "65536"));
        full.head();
        full.deflate(List.of("216", "16384"));
        for (String payload : List.of(FrameStream.MIXED, "65536")) {
            ALL_DECODERS.forEach(decoder -> full.decoder(decoder, payload, "sliced"));
        }
        ALL_DECODERS.forEach(decoder -> full.decoder(decoder, FrameStream.MIXED, "whole"));
        return full.cells;
    }

    private void decoder(String decoder, String payload, String feed) {
        String kind = payload.equals(FrameStream.MIXED) ? "mixed payloads" : size(payload);
        String fed = switch (feed) {
            case "reads" -> "reads of 16 KiB";
            case "sliced" -> "reads of 1 to 1,460 bytes";
            default -> "one read of all";
        };
        cells.add(new Cell(FrameParserBenchmark.class, "parse",
                Map.of("decoder", decoder, "payload", payload, "feed", feed), "masked frames, " + kind + ", " + fed,
                subject(decoder), "frame", new FrameStream(payload, feed).frameSize()));
    }

    /** The name of a decoder in the report. */
    static String subject(String decoder) {
        return switch (decoder) {
            case "weft" -> WEFT;
            case "copy" -> "copy only (baseline)";
            case "copy+xor" -> "copy and one XOR pass (baseline)";
            case "netty-heap" -> "Netty " + Peers.NETTY_NIO.version() + ", heap buffers";
            case "netty-direct" -> "Netty " + Peers.NETTY_NIO.version() + ", direct buffers";
            case "java-websocket" -> Peers.JAVA_WEBSOCKET.subject();
            case "jetty" -> Peers.JETTY.subject();
            case "helidon" -> Peers.HELIDON.subject();
            case "okhttp" -> "okhttp " + OkHttp.VERSION;
            default -> throw new IllegalArgumentException("no such decoder: " + decoder);
        };
    }

    private void texts(List<String> texts) {
        for (String text : texts) {
            for (String payload : List.of("125", "1024")) {
                each(TextMessageBenchmark.class, Map.of("text", text, "payload", payload),
                        "a masked text frame to a String, " + text + ", " + size(payload), "message", payload,
                        Map.of("weft", WEFT, "jdkString", "new String of unmasked bytes (baseline)"));
            }
        }
    }

    private void masking(List<String> payloads) {
        for (String payload : payloads) {
            each(MaskingBenchmark.class, Map.of("payload", payload), "masking, " + size(payload), "payload", payload,
                    Map.of("weft", WEFT, "copy", "arraycopy (baseline)", "naive", "naive loop (baseline)"));
        }
    }

    private void utf8(String payload, List<String> texts) {
        for (String text : texts) {
            each(Utf8Benchmark.class, Map.of("text", text, "payload", payload),
                    "UTF-8 validation, " + text + ", " + size(payload), "text", payload,
                    Map.of("weft", WEFT, "jdkString", "new String, which decodes too (baseline)", "naive",
                            "naive loop (baseline)"));
        }
    }

    private void writer(List<String> payloads) {
        for (String role : List.of("SERVER", "CLIENT")) {
            for (String payload : payloads) {
                each(FrameWriterBenchmark.class, Map.of("role", role, "payload", payload),
                        "writing a frame, " + role.toLowerCase(Locale.ROOT) + ", " + size(payload), "frame", payload,
                        Map.of("weft", WEFT, "copy", "arraycopy, and XOR for a client (baseline)", "naive",
                                "naive ByteBuffer (baseline)"));
            }
        }
    }

    private void head() {
        each(RequestHeadBenchmark.class, Map.of(), "parsing a browser's request head", "head",
                Integer.toString(BrowserHead.bytes().length),
                Map.of("weft", WEFT, "netty", "Netty " + Peers.NETTY_NIO.version(), "naive",
                        "String.split, unchecked (baseline)"));
    }

    private void deflate(List<String> sizes) {
        for (String size : sizes) {
            var params = Map.of("size", size, "bits", "15", "takeover", "true", "connections", "64");
            String rest = ", JSON of " + size(size) + ", 64 connections in turn";
            each(DeflateBenchmark.class, params, "deflate" + rest, "message", size,
                    Map.of("deflate", WEFT, "deflateByZlib", "plain zlib, state kept for each connection (baseline)"));
            each(DeflateBenchmark.class, params, "inflate" + rest, "message", size,
                    Map.of("inflate", WEFT, "inflateByZlib", "plain zlib, state kept for each connection (baseline)"));
        }
    }

    private void each(Class<?> benchmark, Map<String, String> params, String scenario, String unit, String bytes,
            Map<String, String> subjects) {
        subjects.entrySet().stream().sorted(Map.Entry.comparingByKey()).forEach(subject -> cells
                .add(new Cell(benchmark, subject.getKey(), params, scenario, subject.getValue(), unit,
                        Double.parseDouble(bytes))));
    }

    private static String size(String payload) {
        int bytes = Integer.parseInt(payload);
        return bytes == 0 || bytes % 1024 != 0
                ? bytes + " B"
                : bytes < 1 << 20 ? bytes / 1024 + " KiB" : (bytes >> 20) + " MiB";
    }
}
