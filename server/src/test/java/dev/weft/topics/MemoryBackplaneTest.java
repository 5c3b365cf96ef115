package dev.weft.topics;

/** The broker in memory keeps the contract, too. */
class MemoryBackplaneTest extends BackplaneContract {
    private final MemoryBroker broker = new MemoryBroker(3);

    @Override
    protected Backplane node() {
        return broker.node();
    }
}
