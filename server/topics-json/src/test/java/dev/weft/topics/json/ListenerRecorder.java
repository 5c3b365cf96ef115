package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Keeps what a listener is told, in order. */
final class ListenerRecorder implements TopicListener {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @Override
    public void message(TopicMessage message) {
        events.add(message.data());
    }

    @Override
    public void gap() {
        events.add("gap");
    }

    @Override
    public void subscribed(int messages) {
        events.add("subscribed " + messages);
    }

    @Override
    public void presence(TopicMembers members) {
        events.add("present " + members.names() + " of " + members.count());
    }

    @Override
    public void refused(String code, String message) {
        events.add("refused " + code);
    }

    void expect(String... expected) throws InterruptedException {
        for (String each : expected) {
            assertEquals(each, events.poll(20, TimeUnit.SECONDS));
        }
    }

    void expectNumbers(int from, int to) throws InterruptedException {
        expect(IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toArray(String[]::new));
    }
}
