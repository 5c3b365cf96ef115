/**
 * Topics over JSON. {@link dev.weft.topics.json.JsonTopics} serves browsers and other clients that speak the subprotocol;
 * {@link dev.weft.topics.json.JsonTopicsClient} is a client.
 */
@NullMarked
package dev.weft.topics.json;

import org.jspecify.annotations.NullMarked;
