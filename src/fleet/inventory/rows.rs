//! A device a line: CSV with a header, and NDJSON.

use std::sync::Arc;

use super::draft::Draft;
use super::entry::Place;
use super::error::InventoryError;
use super::part::{Kind, Part, Row};
use super::variables::{Said, Variable, Variables};
use super::yaml;

/// The keys of a line of NDJSON, without those that a cell cannot hold.
pub(super) fn columns() -> impl Iterator<Item = &'static str> {
    Row::KEYS.iter().copied().filter(|key| *key != "request")
}

/// Adds the devices of a file of NDJSON to `draft`.
pub(super) fn read_json(file: &Arc<str>, text: &str, draft: &mut Draft) -> Result<(), InventoryError> {
    for (above, line) in (0..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let mut row: Part<Row> = yaml::read_at(file, line, above)?;
        let place = Place { file: file.clone(), line: above + 1 };
        let Some((name, _)) = row.name.take() else { return Err(nameless(&place)) };
        let groups = std::mem::take(&mut row.groups).into_iter().map(|(group, _)| group).collect::<Vec<_>>();
        add(draft, &name, &groups, row.variables(file, above), &place)?;
    }
    Ok(())
}

/// Adds the devices of a table to `draft`.
pub(super) fn read_csv(file: &Arc<str>, text: &str, draft: &mut Draft) -> Result<(), InventoryError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| malformed(file, &error))?.clone();
    let columns = header.iter().map(|name| column(file, name)).collect::<Result<Vec<_>, _>>()?;
    for record in reader.records() {
        let record = record.map_err(|error| malformed(file, &error))?;
        let place = Place { file: file.clone(), line: record.position().map_or(1, csv::Position::line) };
        row(draft, columns.iter().copied().zip(&record), &place)?;
    }
    Ok(())
}

/// As spreadsheets of countries with a decimal comma write it.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    if header.contains(';') && !header.contains(',') { b';' } else { b',' }
}

/// The column of that name, in either case.
fn column(file: &Arc<str>, name: &str) -> Result<&'static str, InventoryError> {
    let lower = name.to_lowercase().replace([' ', '-'], "_");
    columns().find(|known| *known == lower).ok_or_else(|| InventoryError::UnknownKey {
        place: Place { file: file.clone(), line: 1 },
        what: "a device",
        key: name.to_owned(),
        known: columns().collect(),
    })
}

fn row<'a>(
    draft: &mut Draft,
    cells: impl Iterator<Item = (&'static str, &'a str)>,
    place: &Place,
) -> Result<(), InventoryError> {
    let (mut name, mut groups, mut variables) = (None, Vec::new(), Variables::default());
    for (column, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        match (column, Variable::of_key(column)) {
            ("name", _) => name = Some(cell),
            ("groups", _) => groups.extend(words(cell)),
            (_, Some(Variable::Identity)) => {
                variables.replace(Variable::Identity, Said { values: words(cell), place: place.clone() });
            }
            (_, Some(variable)) => variables.replace(variable, Said::one(cell, place.clone())),
            (_, None) => {}
        }
    }
    let name = name.ok_or_else(|| nameless(place))?;
    add(draft, name, &groups, variables, place)
}

/// The words of a cell, between spaces or semicolons.
fn words(cell: &str) -> Vec<String> {
    cell.split([' ', ';', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What such a line names is there, its groups too.
fn add(
    draft: &mut Draft,
    name: &str,
    groups: &[String],
    variables: Variables,
    place: &Place,
) -> Result<(), InventoryError> {
    let device = draft.declare_device(name, place.clone())?;
    for group in groups {
        let group = draft.add_group(group, place)?;
        draft.put_in(device, group);
    }
    draft.say_of_device(device, variables)
}

fn nameless(place: &Place) -> InventoryError {
    let hint = Some("each device needs a `name`".to_owned());
    InventoryError::Shape { place: place.clone(), message: "a device without a name".into(), hint }
}

fn malformed(file: &Arc<str>, error: &csv::Error) -> InventoryError {
    let place = Place { file: file.clone(), line: error.position().map_or(1, csv::Position::line) };
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the header has {expected_len} columns, and this line has {len}")
        }
        _ => error.to_string(),
    };
    InventoryError::Shape { place, message, hint: None }
}
