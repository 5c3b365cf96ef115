package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.DeflateElements.PLAIN;
import static dev.weft.tools.conform.cases.Payloads.size;
import static dev.weft.tools.conform.cases.Payloads.words;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Series of a thousand compressed messages, with all sizes, data, fragments and parameters (RFC 7692 §7). */
final class DeflateVolume {
    private static final int K = 1 << 10;
    private static final String OFFER = PLAIN + "; client_max_window_bits";
    private static final int MESSAGES = 1000;
    /** The maximum number of messages in flight. */
    private static final int WINDOW = 8;

    private DeflateVolume() {}

    private interface Data {
        Frame message(int index);
    }

    static void add(Cases cases) {
        for (int length : new int[]{16, 64, 256, K, 4 * K, 8 * K, 16 * K, 32 * K, 64 * K, 128 * K}) {
            volume(cases, "text." + size(length), size(length) + " bytes of text", length, OFFER, Integer.MAX_VALUE,
                    i -> text(words(length, i)));
            volume(cases, "random." + size(length), size(length) + " random bytes", length, OFFER, Integer.MAX_VALUE,
                    i -> binary(random(length, i)));
        }
        for (int length : new int[]{K, 8 * K, 128 * K}) {
            for (int fragment : new int[]{16, 256, 4 * K, 32 * K}) {
                if (fragment < length && length / fragment <= 1024) {
                    volume(cases, "text." + size(length) + ".fragments-" + size(fragment), size(length)
                            + " bytes of text, compressed, in frames of " + size(fragment), length, OFFER, fragment,
                            i -> text(words(length, i)));
                }
            }
        }
        volume(cases, "zeros.128K", "128K zeros", 128 * K, OFFER, Integer.MAX_VALUE, i -> binary(new byte[128 * K]));
        volume(cases, "same.1K", "1K of text, always the same", K, OFFER, Integer.MAX_VALUE, i -> text(words(K, 7)));
        for (String flags : List.of("", "; server_no_context_takeover", "; client_no_context_takeover",
                "; server_no_context_takeover; client_no_context_takeover")) {
            String name = flags.isEmpty()
                    ? ""
                    : ".no" + (flags.contains("server") ? "-server" : "")
                            + (flags.contains("client") ? "-client" : "") + "-takeover";
            for (int bits = 8; bits <= 15; bits++) {
                mixed(cases, "server-bits-" + bits + name, PLAIN + "; server_max_window_bits=" + bits + flags);
                mixed(cases, "client-bits-" + bits + name, PLAIN + "; client_max_window_bits=" + bits + flags);
            }
        }
    }

    /** Messages of many lengths, so that the window fills and wraps around at all positions. */
    private static void mixed(Cases cases, String name, String offer) {
        volume(cases, name, "0 to 2,000 bytes of text, \"" + offer + '"', 0, offer, Integer.MAX_VALUE,
                i -> text(words(i * 37 % 2000, i / 3)));
    }

    private static void volume(Cases cases, String name, String what, int length, String offer, int fragment,
            Data data) {
        cases.heavyBody(name, "1,000 messages (50 if quick): " + what, "RFC 7692 §7", length,
                subject -> run(subject, offer, fragment, data));
    }

    private static void run(Subject subject, String offer, int fragment, Data data) {
        int messages = subject.settings().times(MESSAGES);
        try (Deflating deflating = Deflating.open(subject, offer)) {
            List<Frame> sent = new ArrayList<>();
            for (int i = 0; i < messages; i++) {
                Frame message = data.message(i);
                Frame compressed = deflating.compressed(message);
                deflating.peer()
                        .send(fragment == Integer.MAX_VALUE ? List.of(compressed) : compressed.fragments(fragment));
                sent.add(message);
                if (sent.size() == WINDOW) {
                    deflating.peer().expect(sent.removeFirst());
                }
            }
            deflating.peer().expect(sent);
            deflating.finish();
            if (deflating.peer().compressedReplies() == 0) {
                subject.findings().inform("no reply was compressed");
            }
        }
    }

    private static byte[] random(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
