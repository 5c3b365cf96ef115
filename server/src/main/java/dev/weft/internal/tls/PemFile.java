package dev.weft.internal.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A PEM file (RFC 7468). Text outside its sections is ignored: many programs write comments there.
 *
 * @param sections in the order of the file; at least one
 */
record PemFile(Path path, List<Section> sections) {
    private static final int MAX_SIZE = 1 << 20;
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /**
     * One encoded object.
     *
     * @param label such as {@code CERTIFICATE}
     * @param line  the number of the line at which it begins, from 1
     */
    record Section(String label, int line, byte[] content) {}

    /**
     * Reads a file. Waits for the disk.
     *
     * @throws IOException if it cannot be read, or is no PEM file; the message names the file
     */
    static PemFile read(Path path) throws IOException {
        List<Section> sections = new ArrayList<>();
        StringBuilder base64 = new StringBuilder();
        String label = null;
        int begin = 0;
        int number = 0;
        for (String line : text(path).lines().map(String::strip).toList()) {
            number++;
            if (line.startsWith(BEGIN) && line.endsWith(DASHES)) {
                if (label != null) {
                    throw invalid(path, "line " + number + ": the section of line " + begin + " has no end");
                }
                label = line.substring(BEGIN.length(), line.length() - DASHES.length());
                begin = number;
                base64.setLength(0);
            } else if (label != null && line.equals(END + label + DASHES)) {
                sections.add(new Section(label, begin, decode(path, begin, base64.toString())));
                label = null;
            } else if (label != null) {
                if (line.indexOf(':') >= 0) {
                    throw invalid(path, "line " + number + ": the key is encrypted in the old format of OpenSSL;"
                            + " convert it with: openssl pkcs8 -topk8");
                }
                base64.append(line);
            }
        }
        if (label != null) {
            throw invalid(path, "the section of line " + begin + " has no end: the file is cut off");
        }
        if (sections.isEmpty()) {
            throw invalid(path, "no line begins with \"" + BEGIN + "\": it is no PEM file");
        }
        return new PemFile(path, List.copyOf(sections));
    }

    private static String text(Path path) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(path)) {
            bytes = in.readNBytes(MAX_SIZE + 1);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
        if (bytes.length > MAX_SIZE) {
            throw invalid(path, "it is larger than " + MAX_SIZE + " bytes");
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The exception for a file that cannot be read. Its message names the fault, which that of the JDK often does not. */
    static IOException unreadable(Path path, IOException e) {
        String fault = switch (e) {
            case NoSuchFileException missing -> "the file does not exist";
            case AccessDeniedException denied -> "permission denied";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
        };
        return new IOException(path + ": it cannot be read: " + fault, e);
    }

    private static byte[] decode(Path path, int begin, String base64) throws IOException {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw invalid(path, "the section of line " + begin + " is no base64: " + e.getMessage());
        }
    }

    private static IOException invalid(Path path, String what) {
        return new IOException(path + ": " + what);
    }

    /**
     * The certificates, in the order of the file; at least one.
     *
     * @throws IOException if one is malformed, or there is none; the message names the file
     */
    List<X509Certificate> certificates() throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Section section : sections) {
            if (section.label().equals("CERTIFICATE")) {
                try {
                    certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(section.content())));
                } catch (CertificateException e) {
                    throw new IOException(path + ": line " + section.line() + ": no certificate: " + e.getMessage(), e);
                }
            }
        }
        if (certificates.isEmpty()) {
            throw invalid("it has no certificate");
        }
        return List.copyOf(certificates);
    }

    /** The exception for a file whose content is not as it must be; its message names the file. */
    IOException invalid(String what) {
        return invalid(path, what);
    }
}
