package dev.weft.topics.json;

import java.io.IOException;

/** The server has refused a request of a {@link JsonTopicsClient}. */
public final class TopicRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String code;

    TopicRefusedException(String code, String message) {
        super(code + ": " + message);
        this.code = code;
    }

    /** The reason for the refusal, such as {@code not_authorized}. */
    public String code() {
        return code;
    }
}
