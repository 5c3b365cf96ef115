package dev.weft.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How Weft, in one configuration, compares with the best subject of a kind in one scenario.
 *
 * @param rival the best of its kind
 * @param alsoBetter other subjects of that kind that are better than Weft
 */
record Standing(Grid grid, Measurement weft, Measurement rival, List<Measurement> alsoBetter) {
    /** All comparisons; the one in which Weft is worst comes first. */
    static List<Standing> of(List<Grid> grids, Kind kind) {
        List<Standing> all = new ArrayList<>();
        for (Grid grid : grids) {
            for (String scenario : grid.scenarios()) {
                List<Measurement> ranking = grid.ranking(scenario);
                List<Measurement> rivals = ranking.stream().filter(one -> Kind.of(one.subject()) == kind).toList();
                if (rivals.isEmpty()) {
                    continue;
                }
                ranking.stream().filter(one -> Kind.of(one.subject()) == Kind.WEFT)
                        .forEach(weft -> all.add(new Standing(grid, weft, rivals.getFirst(),
                                rivals.stream().skip(1).filter(one -> Figures.cost(weft, one) > 1).toList())));
            }
        }
        all.sort(Comparator.comparingDouble(Standing::ratio).reversed());
        return all;
    }

    /** Over 1 where Weft loses. */
    double ratio() {
        return Figures.cost(weft, rival);
    }

    boolean isLost() {
        return ratio() > 1;
    }

    /** Whether every round of the better one beats every round of the other. */
    boolean isClear() {
        return !Figures.overlap(weft, rival);
    }
}
