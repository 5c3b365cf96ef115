package dev.weft.internal.tls;

import dev.weft.internal.tls.PemFile.Section;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** The private key of a PEM file: PKCS #8 (RFC 5958), encrypted or not, PKCS #1 (RFC 8017) or SEC 1 (RFC 5915). */
final class PemKey {
    private static final byte SEQUENCE = 0x30;
    private static final byte OCTET_STRING = 4;
    private static final byte[] VERSION_0 = {2, 1, 0};

    private final PemFile file;
    private final Section section;

    private PemKey(PemFile file, Section section) {
        this.file = file;
        this.section = section;
    }

    /**
     * Reads the key of a certificate. Waits for the disk.
     *
     * @param of the certificate's key, which has the same algorithm and parameters
     * @throws IOException if the file does not have exactly one key, or the key is not of that kind; the message names
     *                     the file
     */
    static PrivateKey read(Path path, Optional<char[]> password, PublicKey of) throws IOException {
        PemFile file = PemFile.read(path);
        List<Section> keys = file.sections().stream().filter(section -> section.label().endsWith("PRIVATE KEY"))
                .toList();
        if (keys.size() != 1) {
            throw file.invalid(keys.isEmpty()
                    ? "it has no private key"
                    : "it has " + keys.size() + " private keys; one is needed");
        }
        return new PemKey(file, keys.getFirst()).decode(password, of);
    }

    private PrivateKey decode(Optional<char[]> password, PublicKey of) throws IOException {
        try {
            KeySpec spec = switch (section.label()) {
                case "PRIVATE KEY" -> new PKCS8EncodedKeySpec(section.content());
                case "ENCRYPTED PRIVATE KEY" -> decrypt(password);
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> new PKCS8EncodedKeySpec(pkcs8(of));
                default -> throw invalid("a " + section.label() + " cannot be read; convert it with: openssl pkcs8");
            };
            return KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(spec);
        } catch (GeneralSecurityException e) {
            throw new IOException(invalid("it is not the " + of.getAlgorithm() + " key that the certificate needs: "
                    + e.getMessage()).getMessage(), e);
        }
    }

    private KeySpec decrypt(Optional<char[]> password) throws IOException {
        if (password.isEmpty()) {
            throw invalid("the key is encrypted, and no password was given");
        }
        try {
            EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(section.content());
            // Not getAlgName(): for PBES2 (RFC 8018), only the parameters know the ciphers.
            String algorithm = encrypted.getAlgParameters() == null
                    ? encrypted.getAlgName()
                    : encrypted.getAlgParameters().toString();
            PBEKeySpec spec = new PBEKeySpec(password.get());
            try {
                return encrypted.getKeySpec(SecretKeyFactory.getInstance(algorithm).generateSecret(spec));
            } finally {
                spec.clearPassword();
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException(invalid("the key cannot be decrypted with this password: " + e.getMessage())
                    .getMessage(), e);
        }
    }

    /** PKCS #8 around the key; the identifier of its algorithm is the same as in the certificate. */
    private byte[] pkcs8(PublicKey of) {
        byte[] subjectPublicKeyInfo = of.getEncoded();
        int begin = contentOf(subjectPublicKeyInfo, 0);
        int length = contentOf(subjectPublicKeyInfo, begin) - begin + lengthOf(subjectPublicKeyInfo, begin);
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(VERSION_0);
        content.write(subjectPublicKeyInfo, begin, length);
        content.writeBytes(der(OCTET_STRING, section.content()));
        return der(SEQUENCE, content.toByteArray());
    }

    /** The offset of the content of the DER element at this offset. */
    private static int contentOf(byte[] der, int offset) {
        int first = der[offset + 1];
        return offset + 2 + (first < 0 ? first & 0x7f : 0);
    }

    /** The length of the content of the DER element at this offset. */
    private static int lengthOf(byte[] der, int offset) {
        if (der[offset + 1] >= 0) {
            return der[offset + 1];
        }
        int length = 0;
        for (int i = offset + 2; i < contentOf(der, offset); i++) {
            length = length << 8 | der[i] & 0xff;
        }
        return length;
    }

    private static byte[] der(byte tag, byte[] content) {
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        // X.690 §10.1: with as few bytes as possible.
        if (content.length >= 1 << 8) {
            element.write(0x82);
            element.write(content.length >>> 8);
        } else if (content.length >= 1 << 7) {
            element.write(0x81);
        }
        element.write(content.length);
        element.writeBytes(content);
        return element.toByteArray();
    }

    private IOException invalid(String what) {
        return file.invalid("line " + section.line() + ": " + what);
    }
}
