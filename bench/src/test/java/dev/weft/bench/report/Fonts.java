package dev.weft.bench.report;

import static org.junit.jupiter.api.Assumptions.abort;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/** Whether charts can be drawn: a JDK for servers may lack the libraries that read fonts, and a machine may lack fonts. */
public final class Fonts {
    private Fonts() {}

    /** Aborts the test where the JDK cannot measure text. */
    public static void assumeAvailable() {
        Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            graphics.getFontMetrics(Charts.FONT).stringWidth("Weft");
            Charts.FONT.getFamily();
        } catch (RuntimeException | LinkageError | InternalError e) {
            abort("charts need fonts, and this JDK finds none here: " + e);
        } finally {
            graphics.dispose();
        }
    }
}
