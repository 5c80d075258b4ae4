//! Columns of text: aligned, within the width, the least important ones left out first.

use redrive::wire::visible;

use crate::paint::Style;

/// A cell and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl Cell {
    /// A cell in a style of its own.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: safe(text.into()), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: safe(text.into()), style: Style::Plain }
    }
}

/// Made safe here and not when it is printed: an escape is wider than the character it replaces.
fn safe(text: String) -> String {
    visible(&text).into_owned()
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'t> {
    /// Its heading.
    pub(crate) title: &'t str,
    /// Whether it holds numbers, which end under each other.
    pub(crate) right: bool,
    /// Columns of the highest rank go first when there is not enough room; 0 never goes.
    pub(crate) rank: u8,
}

/// Lays out `rows` under `columns` within `width` letters.
pub(crate) fn layout(columns: &[Column<'_>], rows: &[Vec<Cell>], width: usize) -> String {
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| length(&cell.text)).max().unwrap_or(0);
            widest.max(length(column.title))
        })
        .collect();
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    while shown.iter().map(|index| widths[*index] + 2).sum::<usize>() > width + 2 {
        let Some(last) = shown
            .iter()
            .copied()
            .filter(|index| columns[*index].rank > 0)
            .max_by_key(|index| (columns[*index].rank, *index))
        else {
            break;
        };
        shown.retain(|index| *index != last);
    }
    let heading = Style::Bold;
    let titles: Vec<Cell> =
        columns.iter().map(|column| Cell::styled(column.title, heading)).collect();
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for (place, index) in shown.iter().enumerate() {
            let Some(cell) = row.get(*index) else { continue };
            let space = " ".repeat(widths[*index].saturating_sub(length(&cell.text)));
            let styled = format!("{}{}{:#}", cell.style, cell.text, cell.style);
            if place > 0 {
                line.push_str("  ");
            }
            if columns[*index].right {
                line.push_str(&space);
                line.push_str(&styled);
            } else {
                line.push_str(&styled);
                line.push_str(&space);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `text` in lines of at most `width` letters.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push('\n');
            length = 0;
        }
        if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint::painted;

    const COLUMNS: [Column<'static>; 3] = [
        Column { title: "name", right: false, rank: 0 },
        Column { title: "count", right: true, rank: 0 },
        Column { title: "note", right: false, rank: 1 },
    ];

    #[test]
    fn columns_line_up() {
        let rows = vec![
            vec!["a".into(), "1".into(), "x".into()],
            vec!["long".into(), "1,000".into(), "y".into()],
        ];
        let plain = painted(&layout(&COLUMNS, &rows, 80), false);
        assert_eq!(plain, "name  count  note\na         1  x\nlong  1,000  y\n");
    }

    #[test]
    fn what_does_not_fit_goes() {
        let rows = vec![vec!["a".into(), "1".into(), "x".repeat(50).into()]];
        let plain = painted(&layout(&COLUMNS, &rows, 40), false);
        assert_eq!(plain, "name  count\na         1\n");
    }

    #[test]
    fn text_wraps() {
        assert_eq!(wrapped("one two three", 8), "one two\nthree\n");
    }
}
