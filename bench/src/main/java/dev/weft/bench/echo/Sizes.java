package dev.weft.bench.echo;

/** Names of sizes. */
final class Sizes {
    private static final int KI = 1024;

    private Sizes() {}

    static String name(int bytes) {
        if (bytes >= KI * KI && bytes % (KI * KI) == 0) {
            return bytes / (KI * KI) + " MiB";
        }
        return bytes >= KI && bytes % KI == 0 ? bytes / KI + " KiB" : bytes + " B";
    }
}
