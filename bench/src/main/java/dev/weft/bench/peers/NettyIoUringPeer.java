package dev.weft.bench.peers;

import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;

/** Netty over its native io_uring transport. */
public final class NettyIoUringPeer {
    private NettyIoUringPeer() {}

    /** Serves over io_uring. */
    public static void main(String[] args) throws Exception {
        NettyPeer.serve(args, IoUringIoHandler.newFactory(), IoUringServerSocketChannel.class);
    }
}
