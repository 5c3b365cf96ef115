package dev.weft.bench.parser;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.ReferenceCountUtil;

/** Netty's request decoder in a pipeline, like the frame decoder in {@link NettyDecoder}. */
final class NettyHead {
    private final EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder(), new Sink());
    private HttpRequest last;

    HttpRequest parse(byte[] bytes) {
        last = null;
        ByteBuf region = channel.alloc().heapBuffer(bytes.length);
        region.writeBytes(bytes);
        channel.pipeline().fireChannelRead(region).fireChannelReadComplete();
        channel.checkException();
        return last;
    }

    /** Keeps the head, and releases the empty end of the request after it. */
    private final class Sink extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest head) {
                last = head;
            }
            ReferenceCountUtil.release(message);
        }
    }
}
