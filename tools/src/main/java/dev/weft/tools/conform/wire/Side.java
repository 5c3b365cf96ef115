package dev.weft.tools.conform.wire;

/** An end of a connection. The suite plays one, the program under test is the other. */
public enum Side {
    CLIENT("client"), SERVER("server");

    private final String label;

    Side(String label) {
        this.label = label;
    }

    /** The other end. */
    public Side other() {
        return this == CLIENT ? SERVER : CLIENT;
    }

    /** Its name in messages and in the parameters of permessage-deflate. */
    public String label() {
        return label;
    }

    /** Whether this end masks its frames (§5.1). */
    public boolean masks() {
        return this == CLIENT;
    }
}
