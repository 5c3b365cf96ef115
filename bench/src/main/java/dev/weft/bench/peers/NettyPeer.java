package dev.weft.bench.peers;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.WebSocketServerExtensionHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.PerMessageDeflateServerExtensionHandshaker;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;

/** Netty over its native epoll transport. */
public final class NettyPeer extends ChannelInitializer<Channel> {
    private static final int LONGEST_REQUEST = 8192;
    private static final int LARGEST_WINDOW = 15;
    private static final WriteBufferWaterMark UNWRITTEN = new WriteBufferWaterMark(1 << 20, 4 << 20);

    private final WebSocketServerProtocolConfig config = WebSocketServerProtocolConfig.newBuilder().websocketPath("/")
            .checkStartsWith(true).maxFramePayloadLength(Announcement.MAX_MESSAGE)
            .allowExtensions(Announcement.DEFLATES).build();
    private final ChannelGroup subscribers = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    private NettyPeer() {}

    /** Serves over native epoll. */
    public static void main(String[] args) throws Exception {
        serve(args, EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
    }

    static void serve(String[] args, IoHandlerFactory io, Class<? extends ServerChannel> type) throws Exception {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, io);
        Channel listener = new ServerBootstrap().group(loop).channel(type)
                .option(ChannelOption.SO_BACKLOG, Announcement.BACKLOG)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, UNWRITTEN).childHandler(new NettyPeer())
                .bind("127.0.0.1", Announcement.port(args)).sync().channel();
        Announcement.listening(((InetSocketAddress) listener.localAddress()).getPort(), args);
    }

    @Override
    protected void initChannel(Channel channel) {
        channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(LONGEST_REQUEST));
        if (Announcement.DEFLATES) {
            channel.pipeline()
                    .addLast(new WebSocketServerExtensionHandler(new PerMessageDeflateServerExtensionHandshaker(
                            1, false, LARGEST_WINDOW, true, true, Announcement.MAX_MESSAGE)));
        }
        channel.pipeline().addLast(new WebSocketServerProtocolHandler(config), new Echo());
    }

    /** Handles single frames, which needs no aggregator; all replies to one read are sent in one write. */
    private final class Echo extends ChannelInboundHandlerAdapter {
        private boolean broadcasts;

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
            if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete handshake
                    && handshake.requestUri().equals(Announcement.BROADCAST_PATH)) {
                broadcasts = true;
                subscribers.add(context.channel());
            }
            super.userEventTriggered(context, event);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (broadcasts) {
                subscribers.write(message);
            } else {
                context.write((WebSocketFrame) message, context.voidPromise());
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (broadcasts) {
                subscribers.flush();
            } else {
                context.flush();
            }
            if (!context.channel().isWritable()) {
                context.channel().config().setAutoRead(false);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (context.channel().isWritable()) {
                context.channel().config().setAutoRead(true);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
