//! From single measurements to tables: medians, and ratios taken within one repetition.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::operation::Operation;

/// Who was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Subject {
    Floor,
    Product,
}

/// One load of one subject.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cell {
    #[serde(serialize_with = "by_name")]
    pub(crate) operation: Operation,
    pub(crate) connections: u32,
    pub(crate) repetition: u32,
    pub(crate) subject: Subject,
    pub(crate) requests_per_second: f64,
    pub(crate) cpu_us: f64,
    pub(crate) p50_us: u32,
    pub(crate) p99_us: u32,
    pub(crate) answer_bytes: usize,
}

/// Instructions of one request, by callgrind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instructions {
    #[serde(serialize_with = "by_name")]
    pub(crate) operation: Operation,
    pub(crate) floor: f64,
    pub(crate) product: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn by_name<S: serde::Serializer>(operation: &Operation, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(operation.name())
}

/// Everything one run has measured.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) cells: Vec<Cell>,
    pub(crate) instructions: Vec<Instructions>,
    pub(crate) idle_mb: f64,
    pub(crate) loaded_mb: f64,
    pub(crate) floor_idle_mb: f64,
    pub(crate) floor_loaded_mb: f64,
    pub(crate) start_ms: Vec<f64>,
    /// The machine and the method, in a sentence.
    pub(crate) machine: String,
}

/// The middle value.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2));
    low.zip(high).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
}

impl Report {
    /// As Markdown.
    pub(crate) fn tables(&self) -> String {
        let mut text = format!("{}\n\n", self.machine);
        self.throughput(&mut text).and_then(|()| self.rest(&mut text)).expect("writing to a string");
        text
    }

    fn throughput(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "| operation | connections | bare: requests/s | product: requests/s | of bare | lowest to highest \
             | CPU µs: bare | product | bare of product | p50 µs: bare | product | p99 µs: bare | product | answer bytes |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for operation in Operation::ALL {
            for connections in [1, 32] {
                let floor = self.cells_of(operation, connections, Subject::Floor);
                let product = self.cells_of(operation, connections, Subject::Product);
                if !product.is_empty() {
                    writeln!(text, "{}", row(operation, connections, &floor, &product))?;
                }
            }
        }
        Ok(())
    }

    fn cells_of(&self, operation: Operation, connections: u32, subject: Subject) -> Vec<&Cell> {
        let wanted = (operation, connections, subject);
        self.cells.iter().filter(|cell| (cell.operation, cell.connections, cell.subject) == wanted).collect()
    }

    fn rest(&self, text: &mut String) -> std::fmt::Result {
        if !self.instructions.is_empty() {
            writeln!(text, "\n| instructions a request | bare | product | times bare |\n|---|--:|--:|--:|")?;
        }
        for Instructions { operation, floor, product } in &self.instructions {
            writeln!(text, "| {} | {floor:.0} | {product:.0} | {:.2} |", operation.name(), product / floor)?;
        }
        let starts = self.start_ms.iter().copied();
        writeln!(text, "\n| process | bare | product |\n|---|--:|--:|")?;
        writeln!(text, "| memory idle, MB | {:.1} | {:.1} |", self.floor_idle_mb, self.idle_mb)?;
        writeln!(
            text,
            "| memory after the load, MB | {:.1} | {:.1} |",
            self.floor_loaded_mb, self.loaded_mb
        )?;
        writeln!(text, "| start to first `tools/list`, ms | | {:.0} |", median(starts))
    }

    /// Replaces the measured part of a page; makes the page when there is none.
    pub(crate) fn write_page(&self, file: &Path) -> Result<()> {
        let page = if file.exists() { fs::read_to_string(file)? } else { EMPTY_PAGE.to_owned() };
        let page = replace_measured(&page, &self.tables())
            .with_context(|| format!("{} lacks the lines `{BEGIN}` and `{END}`", file.display()))?;
        fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))
    }
}

fn row(operation: Operation, connections: u32, floor: &[&Cell], product: &[&Cell]) -> String {
    let throughput = ratios(floor, product, |bare, ours| ours.requests_per_second / bare.requests_per_second);
    let (lowest, highest) =
        (throughput.iter().copied().reduce(f64::min), throughput.iter().copied().reduce(f64::max));
    let of = |cells: &[&Cell], value: fn(&Cell) -> f64| median(cells.iter().map(|cell| value(cell)));
    let pair = |value: fn(&Cell) -> f64, places: usize| {
        format!("{:.places$} | {:.places$}", of(floor, value), of(product, value))
    };
    format!(
        "| {} | {connections} | {} | {:.2} | {:.2}–{:.2} | {} | {:.2} | {} | {} | {} |",
        operation.name(),
        pair(|cell| cell.requests_per_second, 0),
        median(throughput),
        lowest.unwrap_or(f64::NAN),
        highest.unwrap_or(f64::NAN),
        pair(|cell| cell.cpu_us, 1),
        median(ratios(floor, product, |bare, ours| bare.cpu_us / ours.cpu_us)),
        pair(|cell| f64::from(cell.p50_us), 0),
        pair(|cell| f64::from(cell.p99_us), 0),
        product.first().map_or(0, |cell| cell.answer_bytes),
    )
}

/// A ratio for each repetition that has both subjects.
fn ratios(floor: &[&Cell], product: &[&Cell], ratio: fn(&Cell, &Cell) -> f64) -> Vec<f64> {
    let beside = |ours: &&Cell| floor.iter().find(|bare| bare.repetition == ours.repetition).copied();
    product.iter().filter_map(|ours| Some(ratio(beside(ours)?, ours))).collect()
}

const BEGIN: &str = "<!-- measured: cargo xtask bench --write -->";
const END: &str = "<!-- end of measured -->";
const EMPTY_PAGE: &str =
    "# Performance\n\n<!-- measured: cargo xtask bench --write -->\n<!-- end of measured -->\n";

fn replace_measured(page: &str, tables: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(subject: Subject, repetition: u32, requests_per_second: f64) -> Cell {
        Cell {
            operation: Operation::List,
            connections: 32,
            repetition,
            subject,
            requests_per_second,
            cpu_us: 20.0,
            p50_us: 30,
            p99_us: 90,
            answer_bytes: 13_000,
        }
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_is_taken_within_its_repetition() {
        let floor = [cell(Subject::Floor, 0, 100.0), cell(Subject::Floor, 1, 200.0)];
        let product = [cell(Subject::Product, 1, 100.0), cell(Subject::Product, 0, 90.0)];
        let line =
            row(Operation::List, 32, &floor.iter().collect::<Vec<_>>(), &product.iter().collect::<Vec<_>>());
        let expected = "| tools/list | 32 | 150 | 95 | 0.70 | 0.50–0.90 | 20.0 | 20.0 | 1.00 | 30 | 30 | 90 | 90 | 13000 |";
        assert_eq!(line, expected);
    }

    #[test]
    fn only_the_measured_part_of_the_page_is_replaced() {
        let page = format!("# A\n\n{BEGIN}\nold\n{END}\n\nwhy\n");
        let made = replace_measured(&page, "new\n").unwrap();
        assert_eq!(made, format!("# A\n\n{BEGIN}\n\nnew\n\n{END}\n\nwhy\n"));
        assert!(replace_measured("# A\n", "new").is_none());
        assert!(replace_measured(EMPTY_PAGE, "new").is_some());
    }
}
