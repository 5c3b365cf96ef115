package dev.weft.bench.soak;

import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.PingTimeoutException;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/** Carries out orders in every way that the API offers, and sends back every message that is not an {@link Order}. */
final class SoakHandler implements WebSocketHandler {
    private static final int PIECE = 3000;
    private static final int LONGEST_WAIT_MILLIS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long BEFORE_ANOTHER_TRY_NANOS = 1_000_000;

    @Override
    public void handle(WebSocketConnection ws) throws IOException {
        while (true) {
            switch (next(ws)) {
                case Message.Text text -> {
                    Order order = Order.parse(text.text());
                    if (order == null) {
                        ws.send(text.text());
                    } else if (order.isForTheHandler()) {
                        carryOut(ws, order);
                    } else {
                        Thread.startVirtualThread(() -> carryOutElsewhere(ws, order));
                    }
                }
                case Message.Binary binary -> ws.send(binary.bytes());
                case Message.Close close -> {
                    return;
                }
            }
        }
    }

    /** The next message, received in any way. */
    private static Message next(WebSocketConnection ws) throws IOException {
        return switch (ThreadLocalRandom.current().nextInt(4)) {
            case 0 -> nextInTime(ws);
            case 1 -> nextByStream(ws);
            default -> ws.receive();
        };
    }

    private static Message nextInTime(WebSocketConnection ws) throws IOException {
        Optional<Message> message = Optional.empty();
        while (message.isEmpty()) {
            message = ws.receive(Duration.ofMillis(ThreadLocalRandom.current().nextInt(LONGEST_WAIT_MILLIS)));
        }
        return message.get();
    }

    private static Message nextByStream(WebSocketConnection ws) throws IOException {
        IncomingMessage stream = ws.receiveStream();
        if (stream == null) {
            return new Message.Close(ws.closeStatus().orElseThrow());
        }
        return stream.type() == MessageType.TEXT ? new Message.Text(stream.text()) : new Message.Binary(stream.bytes());
    }

    private static void carryOutElsewhere(WebSocketConnection ws, Order order) {
        try {
            carryOut(ws, order);
        } catch (IOException e) {
            // The connection has ended; the client knows whether that is correct.
        }
    }

    private static void carryOut(WebSocketConnection ws, Order order) throws IOException {
        switch (order.verb()) {
            case ABANDON -> abandon(ws, order.message(0));
            case CLOSE -> ws.close(order.count(), Order.REASON);
            default -> {
                if (order.verb() == Order.Verb.SLEEP) {
                    LockSupport.parkNanos(1_000_000L * order.millis());
                } else if (order.verb() == Order.Verb.COMPUTE) {
                    compute(order.millis());
                } else if (order.verb() == Order.Verb.PING) {
                    ping(ws);
                }
                int accepted = 0;
                for (int number = 0; number < order.count(); number++) {
                    accepted += carryOut(ws, order.verb(), order.message(number)) ? 1 : 0;
                }
                ws.send(new Order.Done(order.id(), accepted).toString());
            }
        }
    }

    private static void ping(WebSocketConnection ws) throws IOException {
        try {
            ws.ping(PATIENCE);
        } catch (PingTimeoutException e) {
            // Its pong is sent after many bytes that the client reads slowly.
        }
    }

    private static void compute(int millis) {
        for (long end = System.nanoTime() + 1_000_000L * millis; System.nanoTime() - end < 0;) {
            Thread.onSpinWait();
        }
    }

    /** Whether the message was accepted. */
    private static boolean carryOut(WebSocketConnection ws, Order.Verb verb, byte[] message) throws IOException {
        switch (verb) {
            case TRY_ONCE -> {
                return ws.trySend(message).isAccepted();
            }
            case TRY_AGAIN -> {
                SendResult result;
                while (!(result = ws.trySend(message)).isAccepted()) {
                    if (result == SendResult.CLOSED) {
                        throw new IOException("the connection is over");
                    }
                    LockSupport.parkNanos(BEFORE_ANOTHER_TRY_NANOS);
                }
            }
            case STREAM -> {
                ws.sendStream(MessageType.BINARY, stream -> {
                    for (int from = 0; from < message.length; from += PIECE) {
                        stream.write(message, from, Math.min(PIECE, message.length - from));
                    }
                });
            }
            default -> ws.send(message);
        }
        return true;
    }

    private static void abandon(WebSocketConnection ws, byte[] message) throws IOException {
        try (OutgoingMessage stream = ws.sendStream(MessageType.BINARY)) {
            stream.write(message, 0, message.length - 1);
            stream.flush();
        }
    }
}
