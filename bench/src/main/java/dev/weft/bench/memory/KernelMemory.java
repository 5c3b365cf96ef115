package dev.weft.bench.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The kernel's memory for the TCP sockets of the whole machine, including both ends of a loopback connection.
 *
 * @param buffers bytes of queued data, including the memory that the kernel has reserved for it
 * @param objects bytes of the kernel objects of a connection; -1 if the kernel does not provide this
 */
record KernelMemory(long buffers, long objects) {
    private static final Path SOCKETS = Path.of("/proc/net/sockstat");
    private static final Path SLABS = Path.of("/proc/slabinfo");
    private static final long PAGE = 4_096;
    private static final Set<String> OF_CONNECTIONS = Set.of("TCP", "TCPv6", "sock_inode_cache", "filp", "dentry",
            "eventpoll_epi", "eventpoll_pwq", "tcp_bind_bucket", "tcp_bind2_bucket");

    /** The current values. */
    static KernelMemory now() throws IOException {
        return new KernelMemory(buffers(Files.readAllLines(SOCKETS)),
                Files.isReadable(SLABS) ? objects(Files.readAllLines(SLABS)) : -1);
    }

    /** Whether both parts are known. */
    boolean isComplete() {
        return objects >= 0;
    }

    /** The sum of the known parts. */
    long total() {
        return buffers + Math.max(objects, 0);
    }

    /** Reads the pages of "TCP: inuse 5 orphan 0 tw 0 alloc 7 mem 3". */
    static long buffers(List<String> sockstat) throws IOException {
        for (String line : sockstat) {
            String[] words = line.split(" ");
            if (words[0].equals("TCP:")) {
                return Long.parseLong(words[words.length - 1]) * PAGE;
            }
        }
        throw new IOException("no TCP in " + SOCKETS);
    }

    /** Reads lines of "name active_objs num_objs objsize …". */
    static long objects(List<String> slabinfo) {
        long bytes = 0;
        for (String line : slabinfo) {
            String[] words = line.split("\\s+");
            if (OF_CONNECTIONS.contains(words[0])) {
                bytes += Long.parseLong(words[1]) * Long.parseLong(words[3]);
            }
        }
        return bytes;
    }
}
