package dev.weft.topics;

/** Is told how many connections a member of a topic has. Called with the topic's lock, so it does not wait. */
interface Members {
    void changed(String topic, String member, int before, int connections);
}
