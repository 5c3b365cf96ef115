package dev.weft.bench.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

class CellsTest {
    /** JMH runs a parameter that is not set with all its values, and ignores one that does not exist. */
    @Test
    void eachCellIsOneBenchmarkWithAllItsParametersSet() {
        for (List<Cell> cells : List.of(Cells.quick(), Cells.full())) {
            for (Cell cell : cells) {
                assertTrue(Arrays.stream(cell.benchmark().getMethods()).anyMatch(method -> method.getName()
                        .equals(cell.method()) && method.isAnnotationPresent(Benchmark.class)), cell.toString());
                Set<String> params = Arrays.stream(cell.benchmark().getDeclaredFields())
                        .filter(field -> field.isAnnotationPresent(Param.class)).map(Field::getName)
                        .collect(Collectors.toSet());
                assertEquals(params, cell.params().keySet(), cell.toString());
            }
        }
    }

    @Test
    void noSubjectHasTwoFiguresInOneScenario() {
        for (List<Cell> cells : List.of(Cells.quick(), Cells.full())) {
            Set<String> seen = new HashSet<>();
            for (Cell cell : cells) {
                assertTrue(seen.add(cell.scenario() + "/" + cell.subject()), cell.toString());
            }
        }
    }

    @Test
    void weftIsInEachScenario() {
        for (List<Cell> cells : List.of(Cells.quick(), Cells.full())) {
            Set<String> withWeft = cells.stream().filter(cell -> cell.subject().equals("Weft")).map(Cell::scenario)
                    .collect(Collectors.toSet());
            assertEquals(cells.stream().map(Cell::scenario).collect(Collectors.toSet()), withWeft);
        }
    }
}
