package dev.weft.tools.conform.broken;

import dev.weft.tools.conform.wire.Side;

/**
 * The faults of {@link BrokenServer} and {@link BrokenClient}, each with the case that must find it. The cases are those for
 * servers; for clients, the two ends are exchanged.
 */
public enum Fault {
    // @formatter:off
    NONE("handshake.plain"),
    // handshake: servers
    WRONG_ACCEPT(Side.SERVER, "handshake.plain"),
    NAMES_SUBPROTOCOL(Side.SERVER, "handshake.plain"),
    NAMES_EXTENSION(Side.SERVER, "handshake.extension.unknown"),
    ACCEPTS_VERSION_12(Side.SERVER, "handshake.version.12"),
    HIDES_VERSION(Side.SERVER, "handshake.version.14"),
    ACCEPTS_NO_KEY(Side.SERVER, "handshake.key.none"),
    ACCEPTS_SHORT_KEY(Side.SERVER, "handshake.key.15-bytes"),
    ACCEPTS_POST(Side.SERVER, "handshake.method.post"),
    NEEDS_EXACT_CONNECTION("handshake.connection.list"),
    NEEDS_CAPITALS("handshake.case.lower"),
    DROPS_FIRST_FRAMES("handshake.first-frames.text"),
    LOSES_HALF_FRAME(Side.SERVER, "handshake.first-frames.half"),
    // handshake: clients
    SAME_KEY(Side.CLIENT, "handshake.key.fresh"),
    SENDS_SHORT_KEY(Side.CLIENT, "handshake.plain"),
    SENDS_VERSION_8(Side.CLIENT, "handshake.plain"),
    SENDS_NO_HOST(Side.CLIENT, "handshake.plain"),
    IGNORES_ACCEPT(Side.CLIENT, "handshake.accept.other"),
    NEEDS_NO_ACCEPT(Side.CLIENT, "handshake.accept.none"),
    COMPARES_ACCEPT_PREFIX(Side.CLIENT, "handshake.accept.longer"),
    COMPARES_ACCEPT_WITHOUT_CASE(Side.CLIENT, "handshake.accept.case"),
    IGNORES_UPGRADE(Side.CLIENT, "handshake.upgrade.none"),
    UPGRADE_LIKE(Side.CLIENT, "handshake.upgrade.like"),
    IGNORES_CONNECTION(Side.CLIENT, "handshake.connection.other"),
    IGNORES_STATUS(Side.CLIENT, "handshake.status.200"),
    LAX_STATUS_LINE(Side.CLIENT, "handshake.malformed.http-version"),
    IGNORES_SUBPROTOCOL(Side.CLIENT, "handshake.subprotocol.unasked"),
    IGNORES_EXTENSION(Side.CLIENT, "handshake.extension.unasked"),
    REFUSES_INTERIM(Side.CLIENT, "handshake.interim.103"),
    NO_HEAD_LIMIT(Side.CLIENT, "handshake.endless.headers"),
    NO_FIELD_LIMIT(Side.CLIENT, "handshake.huge.headers"),
    CLOSES_UNESTABLISHED(Side.CLIENT, "handshake.accept.other"),
    // masking: clients
    CONSTANT_MASK(Side.CLIENT, "framing.mask.fresh"),
    COUNTS_MASKS(Side.CLIENT, "framing.mask.fresh"),
    ENDS_FIRST(Side.CLIENT, "closing.waits-for-server"),
    // what it accepts
    ACCEPTS_WRONG_MASKS("framing.unmasked.text"),
    ACCEPTS_LONG_FORMS("framing.length.125.in-16-bits"),
    ACCEPTS_RSV("reserved-bits.4.text"),
    ACCEPTS_RSV3_ON_PING("reserved-bits.1.ping"),
    ACCEPTS_RESERVED_OPCODE("opcodes.3.payload"),
    ACCEPTS_RESERVED_CONTROL("opcodes.11.empty"),
    ACCEPTS_LONG_PING("control.ping.126"),
    ACCEPTS_FRAGMENTED_PING("control.fragmented.ping"),
    ACCEPTS_STRAY_CONTINUATION("fragmentation.stray.first"),
    ACCEPTS_MESSAGE_INSIDE("fragmentation.inside.text"),
    IGNORES_MASK_ROTATION(Side.SERVER, "framing.mask.lengths"),
    // what it does to messages
    LOSES_BYTE_65536("framing.text.65536"),
    SWAPS_TYPES("framing.binary.5"),
    REORDERS("framing.pipelined.1000"),
    ENDS_AT_EMPTY_FRAGMENT("fragmentation.empty.middle"),
    LOSES_EMPTY_MESSAGE("framing.text.0"),
    VOIDS_GOOD_FRAMES("reserved-bits.4.after-message"),
    LIMIT_64_FRAGMENTS("fragmentation.one-byte.1000"),
    // what it sends
    MASKS_WRONGLY("framing.text.5"),
    SENDS_LONG_FORMS("framing.binary.16"),
    SENDS_RSV2("framing.text.5"),
    INTERLEAVES("framing.text.1024"),
    // pings
    WRONG_PONG("control.ping.64"),
    EMPTY_PONG("control.ping.1"),
    LATE_PONG("control.between.ping"),
    ONLY_LAST_PONG("control.pings.10"),
    ANSWERS_PONGS("control.pong.5"),
    // text
    NO_UTF8("utf8.invalid.never-ff.whole"),
    LATE_UTF8("utf8.invalid.surrogate-d800.dribbled"),
    LATE_UTF8_FRAMES("utf8.invalid.surrogate-d800.unfinished"),
    ACCEPTS_SURROGATES("utf8.invalid.surrogate-dc00.whole"),
    ACCEPTS_OVERLONG("utf8.invalid.overlong-2-c0-80.whole"),
    ACCEPTS_ABOVE_10FFFF("utf8.invalid.above-10ffff-110000.whole"),
    ACCEPTS_TRUNCATED("utf8.truncated.3-bytes-e1-80"),
    REFUSES_NONCHARACTERS("utf8.valid.uffff-noncharacter"),
    FORGETS_UTF8_STATE("utf8.valid.greek"),
    WRONG_CODE_FOR_TEXT("utf8.invalid.never-ff.whole"),
    // closing
    NO_CLOSE_ECHO("closing.payload.code"),
    WRONG_CODE_ECHOED("closing.codes.3000-3999"),
    SENDS_1005("closing.payload.empty"),
    ACCEPTS_1005("closing.codes.1005"),
    ACCEPTS_2999("closing.codes.2000-2999"),
    REFUSES_4999("closing.codes.4000-4999"),
    REFUSES_1014("closing.codes.1012-1014"),
    ACCEPTS_ONE_BYTE_CLOSE("closing.payload.1-byte-03"),
    ACCEPTS_BAD_REASON("closing.reason.never-ff"),
    ANSWERS_AFTER_CLOSE("closing.after.ping"),
    FORGETS_ECHO_BEFORE_CLOSE("closing.after.echo-first"),
    STAYS_OPEN("closing.payload.code"),
    RESETS("closing.after.64K"),
    DROPS_WITHOUT_CLOSE("opcodes.3.empty"),
    IGNORES_FIN("closing.fin.idle"),
    // limits
    LIMIT_16M("limits.binary.16M"),
    TRUSTS_LENGTH("limits.declared.7fffffffffffffff"),
    // permessage-deflate
    WINDOW_TOO_LARGE("deflate-volume.server-bits-9"),
    KEEPS_CONTEXT("deflate-volume.server-bits-15.no-server-takeover"),
    OMITS_SERVER_BITS(Side.SERVER, "deflate-offers.accept.server-bits-10"),
    OMITS_SERVER_TAKEOVER(Side.SERVER, "deflate-offers.accept.server-takeover"),
    NAMES_CLIENT_BITS(Side.SERVER, "deflate-offers.accept.plain"),
    ACCEPTS_UNKNOWN_PARAMETER("deflate-offers.decline.unknown-parameter"),
    ACCEPTS_BITS_16("deflate-offers.decline.server-bits-16"),
    TRIES_ONE_OFFER(Side.SERVER, "deflate-offers.fallback.unknown"),
    SENDS_RSV1_ON_CONTINUATION("deflate-volume.text.1K"),
    ACCEPTS_RSV1_ON_CONTINUATION("deflate.rsv1.continuation"),
    ACCEPTS_RSV1_ON_PING("deflate.rsv1.ping"),
    FORGETS_CONTEXT("deflate.stream.shared-window"),
    STOPS_AT_BFINAL("deflate.stream.final-then-more"),
    SENDS_TAIL("deflate.stream.empty-between"),
    ACCEPTS_TRUNCATED_DEFLATE("deflate.corrupt.truncated"),
    NO_UTF8_IN_DEFLATE("deflate.text.invalid.never-ff"),
    NO_INFLATE_LIMIT("deflate.bomb"),
    SMALL_WINDOW("deflate.window.farthest-15");
    // @formatter:on

    private final Side only;
    private final String foundBy;

    Fault(String foundBy) {
        this(null, foundBy);
    }

    Fault(Side only, String foundBy) {
        this.only = only;
        this.foundBy = foundBy;
    }

    /** Whether this end can have this fault. */
    public boolean isOf(Side side) {
        return only == null || only == side;
    }

    /** The id of a case that must not be OK. */
    public String foundBy(Side side) {
        if (side == Side.SERVER || only == Side.CLIENT) {
            return foundBy;
        }
        return foundBy.replace("server", "CLIENT").replace("client", "server").replace("CLIENT", "client")
                .replace("unmasked", "masked").replace("deflate-offers.decline", "deflate-answers.refuse");
    }
}
