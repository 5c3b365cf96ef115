package dev.weft.topics.json;

/** A text is not I-JSON within the limits of {@link JsonText}: who has sent it does not speak the subprotocol. */
final class InvalidJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidJsonException(String message) {
        super(message, null, false, false);
    }
}
