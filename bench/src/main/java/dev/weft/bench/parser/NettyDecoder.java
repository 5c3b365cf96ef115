package dev.weft.bench.parser;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.zip.Checksum;

/**
 * Netty's decoder in a pipeline. Bytes go in at the pipeline's head and frames are released at its tail, so that the queues of
 * {@link EmbeddedChannel} are not involved. The JVM gets Netty's fastest settings: see {@link JvmSettings}. Whether heap or
 * direct buffers are faster depends on the payload, so both are measured.
 */
final class NettyDecoder extends Decoder {
    private final boolean direct;
    private final EmbeddedChannel channel;
    private final ByteBufAllocator allocator;

    NettyDecoder(FrameStream stream, Checksum check, boolean direct) {
        super(stream, check);
        this.direct = direct;
        var config = WebSocketDecoderConfig.newBuilder().expectMaskedFrames(true).allowExtensions(false)
                .maxFramePayloadLength(1 << 20).build();
        this.channel = new EmbeddedChannel(new WebSocket13FrameDecoder(config), new Sink());
        this.allocator = channel.alloc();
    }

    @Override
    protected void decodeDue() {
        while (due > 0) {
            int length = stream.next();
            ByteBuf region = direct ? allocator.directBuffer(length) : allocator.heapBuffer(length);
            region.writeBytes(stream.bytes(), stream.offset(), length);
            channel.pipeline().fireChannelRead(region).fireChannelReadComplete();
        }
        channel.checkException();
    }

    @Override
    public void close() {
        channel.finishAndReleaseAll();
    }

    /** Receives a frame and releases its buffer. */
    private final class Sink extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            WebSocketFrame frame = (WebSocketFrame) message;
            ByteBuf payload = frame.content();
            payloadBytes += payload.readableBytes();
            due--;
            if (check != null) {
                byte[] bytes = new byte[payload.readableBytes()];
                payload.readBytes(bytes);
                check.update(bytes);
            }
            frame.release();
        }
    }
}
