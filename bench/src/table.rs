//! A table that reads well in a terminal and is Markdown.

use std::fmt::Write as _;

/// Rows under a head; the first column is text, the others are figures.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lines, each with its end.
    pub(crate) fn render(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let head = self.head.iter().skip(column).take(1);
            cells
                .chain(head)
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let rules = widths.iter().enumerate().map(|(column, width)| match column {
            0 => "-".repeat(width + 2),
            _ => format!("{}:", "-".repeat(width + 1)),
        });
        let mut text = line(&self.head, &widths);
        let rules: Vec<String> = rules.collect();
        writeln!(text, "|{}|", rules.join("|")).expect("a string takes everything");
        for row in &self.rows {
            text.push_str(&line(row, &widths));
        }
        text
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
    format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["", "nginx"]);
        table.row(vec!["start".to_owned(), "1.5 ms".to_owned()]);
        table.row(vec!["idle".to_owned(), "—".to_owned()]);
        insta::assert_snapshot!(table.render(), @r"
        |       |  nginx |
        |-------|-------:|
        | start | 1.5 ms |
        | idle  |      — |
        ");
    }
}
