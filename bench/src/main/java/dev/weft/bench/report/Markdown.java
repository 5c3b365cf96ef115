package dev.weft.bench.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Builds Markdown: blocks separated by empty lines. */
final class Markdown {
    private final StringBuilder text = new StringBuilder();

    /** A paragraph or heading. */
    void line(String line) {
        block(line + "\n");
    }

    void bullets(List<String> lines) {
        StringBuilder list = new StringBuilder();
        lines.forEach(line -> list.append("- ").append(line).append('\n'));
        block(list.toString());
    }

    /** Cells are written unchanged, except for vertical bars, which would end them. */
    void table(List<String> head, List<List<String>> rows) {
        StringBuilder table = new StringBuilder();
        row(table, head);
        row(table, Collections.nCopies(head.size(), "---"));
        rows.forEach(row -> row(table, row));
        block(table.toString());
    }

    /** Turns rows into columns; the first cell of each becomes the heading. */
    static List<List<String>> turn(List<List<String>> rows) {
        List<List<String>> turned = new ArrayList<>();
        for (int i = 0; i < rows.getFirst().size(); i++) {
            int column = i;
            turned.add(rows.stream().map(row -> row.get(column)).toList());
        }
        return turned;
    }

    private static void row(StringBuilder table, List<String> cells) {
        cells.forEach(cell -> table.append("| ").append(cell.replace("|", "\\|")).append(' '));
        table.append("|\n");
    }

    private void block(String block) {
        text.append(text.isEmpty() ? "" : "\n").append(block);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
