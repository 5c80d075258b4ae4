//! Names that are told apart in little room.

use super::{font, frame, theme::Type};

/// The widths of the widest name, so that a column can be as wide as it has to be, and no wider than `most`.
pub(crate) fn room<'n>(names: impl Iterator<Item = &'n str>, face: Type, most: f64) -> f64 {
    let widths = names.map(|name| font::width(name, face.size, face.bold));
    widths.fold(0.0, f64::max).min(most)
}

/// Each name, shortened to `room` where it has to be: at its end, or where that would make two of them
/// alike, at the part that they have in common.
pub(crate) fn fitted(names: &[&str], face: Type, room: f64) -> Vec<String> {
    let ends: Vec<String> = names.iter().map(|name| frame::fitted(name, face, room)).collect();
    if all_differ(&ends, names) {
        return ends;
    }
    let common = common(names);
    let rests = names.iter().map(|name| {
        let rest = name.get(common..).unwrap_or(name);
        let rest = if font::width(name, face.size, face.bold) <= room {
            (*name).to_owned()
        } else {
            format!("…{rest}")
        };
        frame::fitted(&rest, face, room)
    });
    let rests: Vec<String> = rests.collect();
    if all_differ(&rests, names) {
        return rests;
    }
    // They differ in the middle of very long texts: a number tells them apart.
    let numbered = names
        .iter()
        .enumerate()
        .map(|(index, name)| frame::fitted(&format!("{}. {name}", index + 1), face, room));
    numbered.collect()
}

/// Whether different names are shown as different texts.
fn all_differ(shown: &[String], names: &[&str]) -> bool {
    shown.iter().zip(names).enumerate().all(|(index, (one, name))| {
        shown.iter().zip(names).skip(index + 1).all(|(other, twin)| one != other || name == twin)
    })
}

/// How many bytes all names begin with alike.
fn common(names: &[&str]) -> usize {
    let Some((first, rest)) = names.split_first() else { return 0 };
    let mut length = first.len();
    for name in rest {
        let same = first.char_indices().zip(name.char_indices());
        let same =
            same.take_while(|(a, b)| a == b).last().map_or(0, |((at, c), _)| at + c.len_utf8());
        length = length.min(same);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::theme;

    #[test]
    fn names_with_a_long_prefix_are_told_apart() {
        let names: Vec<String> =
            (1..=10).map(|n| format!("payments-service-retry-policy-variant-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let shown = fitted(&names, theme::NAME, 130.0);
        assert_eq!(shown[9], "…10");
        assert!(all_differ(&shown, &names), "{shown:?}");
    }

    #[test]
    fn names_that_fit_stay_whole_and_what_differs_late_gets_a_number() {
        assert_eq!(fitted(&["full", "none"], theme::NAME, 130.0), ["full", "none"]);
        let names = [format!("a{}x", "m".repeat(60)), format!("b{}y", "m".repeat(60))];
        let shown = fitted(&[&names[0], &names[1], &names[0]], theme::NAME, 130.0);
        assert_ne!(shown[0], shown[1]);
        let twins = ["same".repeat(20), "same".repeat(20)];
        assert_eq!(fitted(&[&twins[0], &twins[1]], theme::NAME, 90.0).len(), 2);
        let long = [format!("{}1{}", "m".repeat(40), "m".repeat(40)), "m".repeat(81)];
        let shown = fitted(&[&long[0], &long[1]], theme::NAME, 90.0);
        assert_ne!(shown[0], shown[1]);
    }
}
