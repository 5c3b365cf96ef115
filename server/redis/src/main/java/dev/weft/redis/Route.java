package dev.weft.redis;

/** That a connection serves a group of topics. */
final class Route {
    private final Link link;
    private final int group;
    private final byte[] reign;
    /** Whether its subscriptions are confirmed, and its messages are passed. Set by {@link Routes}, with its lock. */
    volatile boolean passing;

    Route(Link link, int group, byte[] reign) {
        this.link = link;
        this.group = group;
        this.reign = reign;
    }

    Link link() {
        return link;
    }

    int group() {
        return group;
    }

    /** What the server has said: see {@link Script#BEAT}. */
    byte[] reign() {
        return reign;
    }
}
