package dev.weft.bench.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler.ClientHandshakeStateEvent;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.net.URI;

/** Netty over native epoll: one event loop; all messages to one read are sent in one write. */
final class NettyEchoClient implements ComparedClient {
    private static final int LONGEST_RESPONSE = 8192;
    private static final int LONGEST_MESSAGE = 1 << 20;

    @Override
    public void start(URI uri, int connections, int window, byte[] message, Count count) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        Bootstrap bootstrap = new Bootstrap().group(loop).channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true).handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(LONGEST_RESPONSE),
                                new WebSocketClientProtocolHandler(WebSocketClientProtocolConfig.newBuilder()
                                        .webSocketUri(uri).maxFramePayloadLength(LONGEST_MESSAGE).build()),
                                new Echo(window, message, count));
                    }
                });
        for (int i = 0; i < connections; i++) {
            bootstrap.connect(uri.getHost(), uri.getPort()).sync();
        }
    }

    private static final class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
        private final int window;
        private final byte[] message;
        private final Count count;
        private int length;

        Echo(int window, byte[] message, Count count) {
            this.window = window;
            this.message = message;
            this.count = count;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event == ClientHandshakeStateEvent.HANDSHAKE_COMPLETE) {
                for (int i = 0; i < window; i++) {
                    send(context);
                }
                context.flush();
            }
            super.userEventTriggered(context, event);
        }

        private void send(ChannelHandlerContext context) {
            // A copy, since the encoder masks it in place.
            context.write(new BinaryWebSocketFrame(context.alloc().directBuffer(message.length).writeBytes(message)),
                    context.voidPromise());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            length += frame.content().readableBytes();
            if (frame.isFinalFragment()) {
                count.received(length);
                length = 0;
                send(context);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}
