package dev.weft.tools.conform.cases;

import dev.weft.tools.conform.cases.Case.Body;
import dev.weft.tools.conform.cases.Case.Load;
import dev.weft.tools.conform.cases.Case.Script;
import dev.weft.tools.conform.wire.Settings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Collects the cases of a family. To add a case, add a line to its family's class. */
public final class Cases {
    private final String family;
    private final List<Case> cases = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private Cases(String family) {
        this.family = family;
    }

    /** All cases, family by family. What the cases do may depend on {@link Settings#quick()}, but the list does not. */
    public static List<Case> all() {
        List<Case> all = new ArrayList<>();
        all.addAll(new Cases("handshake").with(Handshake::add));
        all.addAll(new Cases("framing").with(Framing::add));
        all.addAll(new Cases("control").with(Control::add));
        all.addAll(new Cases("reserved-bits").with(ReservedBits::add));
        all.addAll(new Cases("opcodes").with(Opcodes::add));
        all.addAll(new Cases("fragmentation").with(Fragmentation::add));
        all.addAll(new Cases("utf8").with(Utf8::add));
        all.addAll(new Cases("closing").with(Closing::add));
        all.addAll(new Cases("limits").with(Limits::add));
        all.addAll(new Cases("deflate-offers").with(DeflateOffers::add));
        all.addAll(new Cases("deflate").with(Deflate::add));
        all.addAll(new Cases("deflate-volume").with(DeflateVolume::add));
        return all;
    }

    private interface Family {
        void add(Cases cases);
    }

    private List<Case> with(Family adder) {
        adder.add(this);
        return cases;
    }

    /** Adds a case over one plain connection. */
    void script(String name, String title, String section, Script script) {
        body(name, title, section, server -> script.run(server.open()));
    }

    /** Adds a case that opens its connections itself. */
    void body(String name, String title, String section, Body body) {
        add(new Case(family + "." + name, title, section, Load.LIGHT, 0, body));
    }

    /** Adds a case over one plain connection that runs alone, because its duration matters. */
    void heavyScript(String name, String title, String section, long maxMessage, Script script) {
        heavyBody(name, title, section, maxMessage, server -> script.run(server.open()));
    }

    /** Adds a case that runs alone, because its duration matters. */
    void heavyBody(String name, String title, String section, long maxMessage, Body body) {
        add(new Case(family + "." + name, title, section, Load.HEAVY, maxMessage, body));
    }

    /** Adds a case that a poor server may not survive; it runs after all others. */
    void perilousBody(String name, String title, String section, Body body) {
        add(new Case(family + "." + name, title, section, Load.PERILOUS, 0, body));
    }

    private void add(Case added) {
        if (!names.add(added.id())) {
            throw new IllegalStateException("two cases are named " + added.id());
        }
        cases.add(added);
    }
}
