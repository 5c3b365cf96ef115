package dev.weft.topics.json;

/** A message is JSON, but not one of the subprotocol: a field is missing, unknown, or has the wrong type or value. */
final class InvalidMessageException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidMessageException(String message) {
        super(message, null, false, false);
    }
}
