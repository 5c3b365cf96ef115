/** The programs: the echo launcher, the client for the terminal, the conformance suite, and the driver for the Autobahn suite. */
open module dev.weft.tools { // picocli and Gson look into its classes
    requires com.google.gson;
    requires dev.weft.server;
    requires info.picocli;
    requires java.logging;
    requires org.jline.reader;
    requires org.jline.terminal;
}
