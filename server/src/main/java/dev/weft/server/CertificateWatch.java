package dev.weft.server;

import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Has a server's certificates read again when their files have changed, on a thread of its own: the sweeper must not
 * wait for a disk.
 */
final class CertificateWatch {
    private final TlsCertificates certificates;
    private final String threadName;
    private final long interval;
    /** Held while a check runs. */
    private final Semaphore checking = new Semaphore(1);
    /** Used only by the sweeper. */
    private boolean begun;
    private int checkedAt;

    /** Present if the server has certificates that are to be checked. */
    static Optional<CertificateWatch> of(ServerConfiguration configuration, String threadName) {
        return configuration.tlsSettings().flatMap(TlsSettings::certificates)
                .filter(certificates -> certificates.reloadInterval().isPresent())
                .map(certificates -> new CertificateWatch(certificates, threadName));
    }

    private CertificateWatch(TlsCertificates certificates, String threadName) {
        this.certificates = certificates;
        this.threadName = threadName;
        this.interval = certificates.reloadInterval().orElseThrow().toMillis();
    }

    /** Called by the sweeper, at this time in milliseconds; does not wait. */
    void tick(int now) {
        if (!begun) {
            begun = true;
            checkedAt = now;
        } else if (now - checkedAt >= interval && checking.tryAcquire()) {
            checkedAt = now;
            try {
                Thread.ofPlatform().name(threadName).daemon().start(this::check);
            } catch (Throwable e) {
                checking.release();
                throw e;
            }
        }
    }

    private void check() {
        try {
            certificates.reloadIfChanged();
        } finally {
            checking.release();
        }
    }
}
