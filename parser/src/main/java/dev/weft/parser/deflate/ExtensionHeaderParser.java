package dev.weft.parser.deflate;

import dev.weft.parser.deflate.ExtensionHeader.Entry;
import dev.weft.parser.deflate.ExtensionHeader.Malformed;
import dev.weft.parser.deflate.ExtensionHeader.Parameter;
import dev.weft.parser.deflate.ExtensionHeader.Valid;
import dev.weft.parser.internal.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Parses the grammar of RFC 6455 §9.1 in one pass, without backtracking:
 *
 * <pre>
 * list      = [ extension ] *( "," [ extension ] )      RFC 9110 §5.6.1: empty elements are skipped
 * extension = token *( ";" token [ "=" ( token | quoted-string ) ] )
 * </pre>
 *
 * White space may surround each of these.
 */
final class ExtensionHeaderParser {
    private final List<Entry> entries = new ArrayList<>();
    private int items;
    private String line;
    private int at;
    /** The first error. */
    private String reason;

    ExtensionHeader parse(List<String> lines) {
        for (String each : lines) {
            line = each;
            at = 0;
            if (!list()) {
                return new Malformed(reason);
            }
        }
        return new Valid(entries);
    }

    private boolean list() {
        while (true) {
            skipWhitespace();
            if (at < line.length() && line.charAt(at) != ',' && !extension()) {
                return false;
            }
            if (at == line.length()) {
                return true;
            }
            if (!skip(',')) {
                return malformed("neither ',' nor ';' after an extension");
            }
        }
    }

    private boolean extension() {
        String name = name();
        List<Parameter> parameters = new ArrayList<>();
        while (name != null && skip(';')) {
            skipWhitespace();
            if (!parameter(parameters)) {
                return false;
            }
        }
        return name != null && entries.add(new Entry(name, parameters));
    }

    private boolean parameter(List<Parameter> parameters) {
        String name = name();
        if (name == null) {
            return false;
        }
        if (!skip('=')) {
            return parameters.add(new Parameter(name, Optional.empty()));
        }
        skipWhitespace();
        String value = skip('"') ? quoted() : token();
        skipWhitespace();
        return value != null && parameters.add(new Parameter(name, Optional.of(value)));
    }

    /** A token that begins an extension or a parameter, and the white space after it; null if there is none. */
    private @Nullable String name() {
        if (++items > ExtensionHeader.MAX_ITEMS) {
            malformed("more than " + ExtensionHeader.MAX_ITEMS + " extensions and parameters");
            return null;
        }
        String name = token();
        skipWhitespace();
        return name;
    }

    private @Nullable String token() {
        int from = at;
        while (at < line.length() && Tokens.mayHave(line.charAt(at))) {
            at++;
        }
        return at > from ? line.substring(from, at) : noToken();
    }

    /** The rest of a quoted-string; null unless it is closed and its content is a token. */
    private @Nullable String quoted() {
        StringBuilder content = new StringBuilder();
        while (at < line.length()) {
            char c = line.charAt(at++);
            if (c == '"') {
                return content.isEmpty() ? noToken() : content.toString();
            }
            if (c == '\\' && at < line.length()) {
                c = line.charAt(at++);
            }
            // §9.1: the value, once unescaped, must be a token.
            if (!Tokens.mayHave(c)) {
                return noToken();
            }
            content.append(c);
        }
        malformed("a quoted value without its end");
        return null;
    }

    private @Nullable String noToken() {
        malformed("a name or a value that is not a token");
        return null;
    }

    private boolean malformed(String what) {
        reason = what;
        return false;
    }

    private boolean skip(char c) {
        boolean there = at < line.length() && line.charAt(at) == c;
        at += there ? 1 : 0;
        return there;
    }

    private void skipWhitespace() {
        while (at < line.length() && (line.charAt(at) == ' ' || line.charAt(at) == '\t')) {
            at++;
        }
    }
}
