package dev.weft.tools.conform.cases;

import dev.weft.tools.conform.cases.Case.Body;
import dev.weft.tools.conform.cases.Case.Load;
import dev.weft.tools.conform.cases.Case.Script;
import dev.weft.tools.conform.wire.Client;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Subject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** Collects the cases of a family. To add a case, add a line to its family's class. */
public final class Cases {
    private final Side subject;
    private final String family;
    private final List<Case> cases = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private Cases(Side subject, String family) {
        this.subject = subject;
        this.family = family;
    }

    /**
     * All cases for servers, or for clients, family by family. What the cases do may depend on {@link Settings#quick()}, but
     * the list does not.
     */
    public static List<Case> all(Side subject) {
        boolean server = subject == Side.SERVER;
        List<Case> all = new ArrayList<>();
        all.addAll(new Cases(subject, "handshake").with(server ? Handshake::add : HandshakeAnswers::add));
        all.addAll(new Cases(subject, "framing").with(Framing::add));
        all.addAll(new Cases(subject, "control").with(Control::add));
        all.addAll(new Cases(subject, "reserved-bits").with(ReservedBits::add));
        all.addAll(new Cases(subject, "opcodes").with(Opcodes::add));
        all.addAll(new Cases(subject, "fragmentation").with(Fragmentation::add));
        all.addAll(new Cases(subject, "utf8").with(Utf8::add));
        all.addAll(new Cases(subject, "closing").with(Closing::add));
        all.addAll(new Cases(subject, "limits").with(Limits::add));
        all.addAll(server
                ? new Cases(subject, "deflate-offers").with(DeflateOffers::add)
                : new Cases(subject, "deflate-answers").with(DeflateAnswers::add));
        all.addAll(new Cases(subject, "deflate").with(Deflate::add));
        all.addAll(new Cases(subject, "deflate-volume").with(DeflateVolume::add));
        return all;
    }

    private interface Family {
        void add(Cases cases);
    }

    private List<Case> with(Family adder) {
        adder.add(this);
        return cases;
    }

    /** The program that is tested. */
    Side subject() {
        return subject;
    }

    /** Adds a case over one plain connection. */
    void script(String name, String title, String section, Script script) {
        body(name, title, section, subject -> script.run(subject.open()));
    }

    /** Adds a case that opens one connection itself. */
    void body(String name, String title, String section, Body body) {
        body(name, title, section, 1, body);
    }

    /** Adds a case that opens several connections, one after the other. */
    void body(String name, String title, String section, int connections, Body body) {
        add(new Case(family + "." + name, title, section, Load.LIGHT, 0, settings -> connections, body));
    }

    /** Adds a case that does the same for each of several items, with one connection for each. */
    <T> void each(String name, String title, String section, Function<Settings, List<T>> items,
            Subject.Task<T> task) {
        add(new Case(family + "." + name, title, section, Load.LIGHT, 0, settings -> items.apply(settings).size(),
                subject -> subject.forEach(items.apply(subject.settings()), task)));
    }

    /** Adds a case only for servers, over any number of connections. */
    void server(String name, String title, String section, Consumer<Server> body) {
        body(name, title, section, subject -> body.accept((Server) subject));
    }

    /** Adds a case only for servers that a poor one may not survive; it runs after all others. */
    void perilousServer(String name, String title, String section, Consumer<Server> body) {
        perilousBody(name, title, section, 1, subject -> body.accept((Server) subject));
    }

    /** Adds a case only for clients, over one connection. */
    void client(String name, String title, String section, Consumer<Client> body) {
        client(name, title, section, 1, body);
    }

    /** Adds a case only for clients, over several connections. */
    void client(String name, String title, String section, int connections, Consumer<Client> body) {
        body(name, title, section, connections, subject -> body.accept((Client) subject));
    }

    /** Adds a case only for clients that a poor one may not survive; it runs after all others. */
    void perilousClient(String name, String title, String section, Consumer<Client> body) {
        perilousBody(name, title, section, 1, subject -> body.accept((Client) subject));
    }

    /** Adds a case over one plain connection that runs alone, because its duration matters. */
    void heavyScript(String name, String title, String section, long maxMessage, Script script) {
        heavyBody(name, title, section, maxMessage, subject -> script.run(subject.open()));
    }

    /** Adds a case that runs alone, because its duration matters. */
    void heavyBody(String name, String title, String section, long maxMessage, Body body) {
        add(new Case(family + "." + name, title, section, Load.HEAVY, maxMessage, settings -> 1, body));
    }

    /** Adds a case that a poor program may not survive; it runs after all others. */
    void perilousBody(String name, String title, String section, int connections, Body body) {
        add(new Case(family + "." + name, title, section, Load.PERILOUS, 0, settings -> connections, body));
    }

    private void add(Case added) {
        if (!names.add(added.id())) {
            throw new IllegalStateException("two cases are named " + added.id());
        }
        cases.add(added);
    }
}
