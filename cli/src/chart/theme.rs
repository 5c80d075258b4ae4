//! One look for every picture.
//!
//! The colours are Okabe and Ito's, which people with any colour vision can tell apart, and never
//! the only sign: every mark is labelled where it is. An SVG carries a rule for each colour
//! that turns it to its dark sibling where the reader prefers a dark page.

use plotters::style::RGBColor;

/// A face, a size and a colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    /// Size of the em.
    pub(crate) size: f64,
    /// Whether it is the heavy face.
    pub(crate) bold: bool,
    /// Its colour.
    pub(crate) color: RGBColor,
}

/// The background.
pub(crate) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// Titles, and lines that matter.
pub(crate) const INK: RGBColor = RGBColor(0x1a, 0x1d, 0x21);
/// Labels of axes, notes.
pub(crate) const MUTED: RGBColor = RGBColor(0x5b, 0x63, 0x6d);
/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(0xe1, 0xe4, 0xe8);
/// The time of a fault that lets a part through.
pub(crate) const FAULT: RGBColor = RGBColor(0xf1, 0xf3, 0xf5);
/// The time of a fault that lets nothing through.
pub(crate) const OUTAGE: RGBColor = RGBColor(0xdd, 0xe1, 0xe6);
/// The bar of a fault that lets a part through.
pub(crate) const PARTIAL: RGBColor = RGBColor(0xa5, 0xad, 0xb7);
/// First attempts.
pub(crate) const FIRST: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Retries; whatever overloads.
pub(crate) const RETRY: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Success.
pub(crate) const GOOD: RGBColor = RGBColor(0x00, 0x9e, 0x73);
/// Dead letters.
pub(crate) const DEAD: RGBColor = RGBColor(0x33, 0x38, 0x3f);

/// Lines of policies, in order; more policies start again, with another [`dashes`].
pub(crate) const SERIES: [RGBColor; 7] = [
    RETRY,
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    FIRST,
    GOOD,
    RGBColor(0xcc, 0x79, 0xa7),
    DEAD,
];

/// Each colour and what it becomes on a dark page.
const DARK: [(RGBColor, &str); 14] = [
    (PAPER, "#14171b"),
    (INK, "#eceef1"),
    (MUTED, "#a3abb5"),
    (GRID, "#2c323a"),
    (FAULT, "#1d2228"),
    (OUTAGE, "#323a44"),
    (PARTIAL, "#6b7580"),
    (FIRST, "#4ea9e0"),
    (RETRY, "#f2833c"),
    (GOOD, "#2cc295"),
    (DEAD, "#c3c9d1"),
    (SERIES[1], "#f0b429"),
    (SERIES[2], "#7cc8f4"),
    (SERIES[5], "#dc95bb"),
];

/// The width of every chart.
pub(crate) const WIDTH: u32 = 960;
/// Room left and right.
pub(crate) const MARGIN: f64 = 24.0;

/// The finding, over the chart.
pub(crate) const TITLE: Type = Type { size: 19.0, bold: true, color: INK };
/// How to read it, under the title.
pub(crate) const SUBTITLE: Type = Type { size: 13.5, bold: false, color: MUTED };
/// The name of a panel or line.
pub(crate) const NAME: Type = Type { size: 14.5, bold: true, color: INK };
/// What a panel says.
pub(crate) const NOTE: Type = Type { size: 13.5, bold: false, color: MUTED };
/// Numbers along an axis.
pub(crate) const TICK: Type = Type { size: 12.0, bold: false, color: MUTED };

/// The colour of the policy at `index`.
pub(crate) fn series(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// The dashes of the policy at `index`, on and off: what tells it from another of its colour.
pub(crate) fn dashes(index: usize) -> Option<(f64, f64)> {
    match index / SERIES.len() {
        0 => None,
        1 => Some((8.0, 4.0)),
        2 => Some((2.0, 3.0)),
        more => Some((3.0 * more as f64, 6.0)),
    }
}

/// The style rules by which an SVG turns dark with its reader.
pub(crate) fn dark_rules() -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme: dark) {");
    for (light, dark) in DARK {
        let RGBColor(red, green, blue) = light;
        let hex = format!("#{red:02X}{green:02X}{blue:02X}");
        rules.push_str(&format!(
            ".chart [fill=\"{hex}\"]{{fill:{dark}}}.chart [stroke=\"{hex}\"]{{stroke:{dark}}}"
        ));
    }
    rules.push('}');
    rules
}
