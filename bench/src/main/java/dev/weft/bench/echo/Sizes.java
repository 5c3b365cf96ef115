package dev.weft.bench.echo;

/** Names of sizes. */
final class Sizes {
    private static final int KI = 1024;

    private Sizes() {}

    static String name(int octets) {
        if (octets >= KI * KI && octets % (KI * KI) == 0) {
            return octets / (KI * KI) + " MiB";
        }
        return octets >= KI && octets % KI == 0 ? octets / KI + " KiB" : octets + " B";
    }
}
