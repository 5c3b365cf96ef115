package dev.weft.bench.peers;

import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** Netty over the JDK's selectors. */
public final class NettyNioPeer {
    private NettyNioPeer() {}

    /** Serves over NIO. */
    public static void main(String[] args) throws Exception {
        NettyPeer.serve(args, NioIoHandler.newFactory(), NioServerSocketChannel.class);
    }
}
