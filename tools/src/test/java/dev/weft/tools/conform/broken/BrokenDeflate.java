package dev.weft.tools.conform.broken;

import dev.weft.tools.conform.deflate.WindowDeflater;
import dev.weft.tools.conform.wire.Side;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** One end's side of permessage-deflate (RFC 7692). */
final class BrokenDeflate {
    /** The bytes that are removed from the end of a message, and a final block after which the inflater is finished. */
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff, 3, 0};
    private static final int WINDOW = 32_768;

    private final Fault fault;
    private final Map<String, String> agreed;
    private final String peer;
    private final WindowDeflater deflater;
    private final Inflater inflater = new Inflater(true);
    private final byte[] buffer = new byte[65_536];
    private byte[] history = {};
    private ByteArrayOutputStream message;

    private BrokenDeflate(Fault fault, Side side, Map<String, String> agreed) {
        this.fault = fault;
        this.agreed = agreed;
        this.peer = side.other().label();
        int bits = fault == Fault.WINDOW_TOO_LARGE
                ? 15
                : Integer.parseInt(agreed.getOrDefault(side.label() + "_max_window_bits", "15"));
        this.deflater = new WindowDeflater(bits,
                agreed.containsKey(side.label() + "_no_context_takeover") && fault != Fault.KEEPS_CONTEXT);
    }

    /** Returns the first offer that can be accepted, or {@code null}. */
    static BrokenDeflate negotiate(Fault fault, List<String> values) {
        List<String> offers = values.stream().flatMap(value -> split(value, ',').stream()).toList();
        for (String offer : offers) {
            List<String> parameters = split(offer, ';');
            if (!parameters.getFirst().equals("permessage-deflate")) {
                continue;
            }
            Map<String, String> agreed = agree(fault, parameters.subList(1, parameters.size()));
            if (agreed != null) {
                return new BrokenDeflate(fault, Side.SERVER, agreed);
            }
            if (fault == Fault.TRIES_ONE_OFFER) {
                return null;
            }
        }
        return null;
    }

    /** The parameters of an answer, or {@code null} if it must be refused. */
    static BrokenDeflate answered(Fault fault, String answer) {
        List<String> parameters = split(answer, ';');
        boolean valid = parameters.getFirst().equals("permessage-deflate")
                && !parameters.contains("client_max_window_bits") && split(answer, ',').size() == 1;
        Map<String, String> agreed = valid ? agree(fault, parameters.subList(1, parameters.size())) : null;
        return agreed == null ? null : new BrokenDeflate(fault, Side.CLIENT, agreed);
    }

    private static Map<String, String> agree(Fault fault, List<String> parameters) {
        Map<String, String> agreed = new HashMap<>();
        for (String parameter : parameters) {
            String name = parameter.split("=", 2)[0].strip();
            String value = parameter.contains("=") ? parameter.split("=", 2)[1].strip() : null;
            if (value != null && value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
                value = value.substring(1, value.length() - 1);
            }
            String good = fault == Fault.ACCEPTS_BITS_16 ? "[89]|1[0-6]" : "[89]|1[0-5]";
            boolean valid = switch (name) {
                case "server_no_context_takeover", "client_no_context_takeover" -> value == null;
                case "server_max_window_bits" -> value != null && value.matches(good);
                case "client_max_window_bits" -> value == null || value.matches(good);
                default -> fault == Fault.ACCEPTS_UNKNOWN_PARAMETER;
            };
            if (!valid || agreed.containsKey(name)) {
                return null;
            }
            agreed.put(name, value == null ? "" : value.equals("16") ? "15" : value);
        }
        if ("".equals(agreed.get("client_max_window_bits"))) {
            agreed.remove("client_max_window_bits");
        }
        return agreed;
    }

    private static List<String> split(String value, char separator) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        boolean quoted = false;
        boolean escaped = false;
        for (char c : value.toCharArray()) {
            if (c == separator && !quoted) {
                parts.add(part.toString().strip());
                part.setLength(0);
                continue;
            }
            if (c == '"' && !escaped) {
                quoted = !quoted;
            }
            escaped = quoted && c == '\\' && !escaped;
            part.append(c);
        }
        parts.add(part.toString().strip());
        return parts;
    }

    /** The response's element. */
    String response() {
        StringBuilder element = new StringBuilder("permessage-deflate");
        agreed.forEach((name, value) -> {
            boolean omitted = fault == Fault.OMITS_SERVER_BITS && name.equals("server_max_window_bits")
                    || fault == Fault.OMITS_SERVER_TAKEOVER && name.equals("server_no_context_takeover");
            if (!omitted) {
                element.append("; ").append(name).append(value.isEmpty() ? "" : "=" + value);
            }
        });
        if (fault == Fault.NAMES_CLIENT_BITS && !agreed.containsKey("client_max_window_bits")) {
            element.append("; client_max_window_bits=15");
        }
        return element.toString();
    }

    /** Begins to inflate a message. */
    void begin() {
        message = new ByteArrayOutputStream();
        inflater.reset();
        if (history.length > 0) {
            inflater.setDictionary(history);
        }
    }

    /** Inflates the next piece of a message; returns {@code null} if the message becomes too long. */
    byte[] inflate(byte[] piece, boolean last, int limit) throws DataFormatException {
        byte[] input = piece;
        if (last) {
            input = Arrays.copyOf(piece, piece.length + TAIL.length);
            System.arraycopy(TAIL, 0, input, piece.length, TAIL.length);
        }
        ByteArrayOutputStream inflated = new ByteArrayOutputStream();
        boolean done = false;
        inflater.setInput(input);
        while (!done) {
            int length = inflater.inflate(buffer);
            message.write(buffer, 0, length);
            inflated.write(buffer, 0, length);
            if (message.size() > limit) {
                return null;
            }
            if (inflater.finished()) {
                int rest = inflater.getRemaining();
                done = rest == 0 || fault == Fault.STOPS_AT_BFINAL;
                if (!done) {
                    byte[] window = window();
                    inflater.reset();
                    inflater.setDictionary(window);
                    inflater.setInput(input, input.length - rest, rest);
                }
            } else if (length == 0) {
                if (last && fault != Fault.ACCEPTS_TRUNCATED_DEFLATE) {
                    throw new DataFormatException("truncated");
                }
                done = true;
            }
        }
        if (last) {
            history = window();
            boolean forget = agreed.containsKey(peer + "_no_context_takeover") || fault == Fault.FORGETS_CONTEXT;
            history = forget
                    ? new byte[0]
                    : fault == Fault.SMALL_WINDOW
                            ? Arrays.copyOfRange(history, Math.max(0, history.length - 16_384), history.length)
                            : history;
        }
        return inflated.toByteArray();
    }

    private byte[] window() {
        byte[] all = Arrays.copyOf(history, history.length + message.size());
        System.arraycopy(message.toByteArray(), 0, all, history.length, message.size());
        return Arrays.copyOfRange(all, Math.max(0, all.length - WINDOW), all.length);
    }

    /** Deflates a message. */
    byte[] deflate(byte[] bytes) {
        byte[] deflated = deflater.deflate(bytes);
        if (fault == Fault.SENDS_TAIL && bytes.length > 0) {
            deflated = Arrays.copyOf(deflated, deflated.length + 1);
        }
        return deflated;
    }

    void close() {
        deflater.close();
        inflater.end();
    }
}
