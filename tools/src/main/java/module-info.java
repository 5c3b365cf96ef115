/** The programs: the echo launcher, the client for the terminal, the conformance suite, and the driver for the Autobahn suite. */
@SuppressWarnings("requires-automatic") // HdrHistogram has no module of its own
open module dev.weft.tools { // picocli and Gson look into its classes
    requires HdrHistogram;
    requires com.google.gson;
    requires dev.weft.server;
    requires info.picocli;
    requires java.compiler;
    requires java.logging;
    requires jdk.management;
    requires org.jline.reader;
    requires org.jline.terminal;

    uses dev.weft.server.EndpointProvider;
}
