//! The embedded font: no system font, no system library, the same picture on every machine.
//!
//! Inter (SIL Open Font License, see `assets/Inter-LICENSE.txt`), cut down to Latin and the few
//! symbols that charts use, 22 kB a face.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

const REGULAR_FILE: &[u8] = include_bytes!("../../assets/Inter-Regular.subset.otf");
const SEMI_BOLD_FILE: &[u8] = include_bytes!("../../assets/Inter-SemiBold.subset.otf");

static REGULAR: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(REGULAR_FILE).ok());

static SEMI_BOLD: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(SEMI_BOLD_FILE).ok());

static RULES: LazyLock<String> = LazyLock::new(|| {
    let face = |weight: &str, file: &[u8]| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/otf;base64,{}) \
             format(\"opentype\")}}",
            STANDARD.encode(file)
        )
    };
    format!(
        "{}{}.chart text{{font-kerning:none;font-feature-settings:\"liga\" 0,\"calt\" 0}}",
        face("400", REGULAR_FILE),
        face("700", SEMI_BOLD_FILE)
    )
});

/// The style rules by which a document carries the font that its texts were measured in, and sets them
/// as they were measured.
pub(crate) fn rules() -> &'static str {
    &RULES
}

/// Half the height of a small letter in em: what "centred" means in SVG's `0.5ex`.
const HALF_X_HEIGHT: f64 = 0.273;

fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    if bold { SEMI_BOLD.as_ref() } else { REGULAR.as_ref() }
}

/// The scale at which `font`'s em is `em` pixels.
fn scale(font: &FontRef<'_>, em: f64) -> PxScale {
    let units = font.units_per_em().unwrap_or(1_000.0);
    PxScale::from((em as f32) * font.height_unscaled() / units)
}

/// The width of `text` where the em is `em`, in the same unit.
pub(crate) fn width(text: &str, em: f64, bold: bool) -> f64 {
    let Some(font) = face(bold) else { return 0.0 };
    text.chars().map(|letter| advance(font, em, letter)).sum()
}

/// The width of a letter; of one that the font lacks, and that a reader's own will draw, that of the
/// widest.
fn advance(font: &FontRef<'_>, em: f64, letter: char) -> f64 {
    match font.glyph_id(letter) {
        id if id.0 == 0 => em,
        id => f64::from(font.as_scaled(scale(font, em)).h_advance(id)),
    }
}

/// Sets `text` from `at.0` on, its small letters centred on `at.1`: calls `paint` with every pixel
/// that a letter touches and the share of it that is covered.
pub(super) fn set<E>(
    text: &str,
    em: f64,
    bold: bool,
    at: (f64, f64),
    mut paint: impl FnMut(i32, i32, f32) -> Result<(), E>,
) -> Result<(), E> {
    let Some(font) = face(bold) else { return Ok(()) };
    let scale = scale(font, em);
    let baseline = (at.1 + HALF_X_HEIGHT * em) as f32;
    let mut x = at.0 as f32;
    for letter in text.chars() {
        let id = font.glyph_id(letter);
        let glyph = Glyph { id, scale, position: point(x, baseline) };
        x += advance(font, em, letter) as f32;
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        let mut covered = Vec::new();
        outline.draw(|dx, dy, share| covered.push((dx as i32, dy as i32, share)));
        for (dx, dy, share) in covered {
            paint(corner.x as i32 + dx, corner.y as i32 + dy, share.clamp(0.0, 1.0))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_load_and_have_every_letter_that_charts_use() {
        for bold in [false, true] {
            let font = face(bold).expect("an embedded font");
            for letter in ('!'..='~').chain("×–—…≥≤≈→λµ−∞·²".chars()) {
                assert_ne!(font.glyph_id(letter).0, 0, "no glyph for {letter}");
            }
        }
    }

    #[test]
    fn a_letter_that_the_font_lacks_has_room_all_the_same() {
        assert_eq!(width("漢字", 10.0, false), 20.0);
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        let one = width("m", 10.0, false);
        assert!(one > 5.0 && one < 12.0, "{one}");
        assert!((width("mmmm", 10.0, false) - 4.0 * one).abs() < 1e-3);
    }
}
