package dev.weft.micrometer;

import dev.weft.server.PublicApiTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The module must export exactly what docs/api lists. */
class MicrometerApiTest {
    @Test
    void exportedApiMustBeAsAccepted() throws IOException {
        PublicApiTest.assertAccepted(Path.of("..", "..", "docs", "api"), "weft-micrometer", WeftMetrics.class);
    }
}
