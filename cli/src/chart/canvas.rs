//! What charts are drawn on: one drawing, two kinds of picture.
//!
//! A chart draws through a [`Pen`] in its own units (what CSS calls a pixel, with fractions). The
//! pen draws through plotters, whose coordinates are whole numbers, four of them to a unit: an SVG
//! keeps them all in its view box, a PNG is averaged down to two pixels a unit, which smooths every
//! edge alike. Text is the one thing not left to plotters in a PNG: it drops the bearings of the
//! letters, so [`super::font`] sets it.

use std::io;

use plotters::{
    backend::{BitMapBackend, SVGBackend},
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{PathElement, Polygon, Rectangle, Text},
    style::{
        Color, FontFamily, FontStyle, IntoTextStyle, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use redrive::wire::{shortened, visible};

use super::{
    font,
    theme::{self, Type},
};

/// Plotters' whole coordinates to one unit of a chart.
const FINE: u32 = 4;

/// Characters of one text at most.
const LONGEST: usize = 300;

/// How many of them become one pixel of a PNG.
const AVERAGED: u32 = 2;

/// The family named in SVG texts: the embedded one where it is installed, any plain one elsewhere.
const FAMILY: &str = "Inter, Helvetica Neue, Arial, sans-serif";

/// Why a picture could not be made.
#[derive(Debug)]
pub(crate) struct ChartError(String);

impl std::fmt::Display for ChartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot draw the chart: {}", self.0)
    }
}

impl std::error::Error for ChartError {}

impl<E: std::error::Error + Send + Sync> From<plotters::drawing::DrawingAreaErrorKind<E>>
    for ChartError
{
    fn from(error: plotters::drawing::DrawingAreaErrorKind<E>) -> Self {
        Self(error.to_string())
    }
}

impl From<png::EncodingError> for ChartError {
    fn from(error: png::EncodingError) -> Self {
        Self(error.to_string())
    }
}

/// Where a text is relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// It starts there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A rectangle in chart units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// Draws shapes and text in chart units.
pub(crate) struct Pen<'a> {
    area: DrawingArea<Surface<'a>, Shift>,
}

impl Pen<'_> {
    /// A filled rectangle; never thinner than a hair, so that nothing vanishes.
    pub(crate) fn fill(&self, rect: Rect, color: impl Color) -> Result<(), ChartError> {
        let (left, top) = fine((rect.left, rect.top));
        let (right, bottom) = fine((rect.right, rect.bottom));
        let corners = [(left, top), (right.max(left + 1), bottom.max(top + 1))];
        Ok(self.area.draw(&Rectangle::new(corners, color.filled()))?)
    }

    /// A line through `points`.
    pub(crate) fn line(
        &self,
        points: &[(f64, f64)],
        color: impl Color,
        width: f64,
    ) -> Result<(), ChartError> {
        let style = ShapeStyle {
            color: color.to_rgba(),
            filled: false,
            stroke_width: (width * f64::from(FINE)).round() as u32,
        };
        let points: Vec<_> = points.iter().copied().map(fine).collect();
        Ok(self.area.draw(&PathElement::new(points, style))?)
    }

    /// A horizontal dashed line.
    pub(crate) fn dashes(
        &self,
        (from, to, y): (f64, f64, f64),
        color: RGBColor,
        width: f64,
    ) -> Result<(), ChartError> {
        let mut x = from;
        while x < to {
            self.line(&[(x, y), ((x + 5.0).min(to), y)], color, width)?;
            x += 9.0;
        }
        Ok(())
    }

    /// A dashed line through `points`: `on` drawn, `off` not, along its whole length.
    pub(crate) fn dashed(
        &self,
        points: &[(f64, f64)],
        (on, off): (f64, f64),
        color: RGBColor,
        width: f64,
    ) -> Result<(), ChartError> {
        let mut at = 0.0;
        let mut dash: Vec<(f64, f64)> = Vec::new();
        for pair in points.windows(2) {
            let [(x, y), (to_x, to_y)] = [pair[0], pair[1]];
            let length = ((to_x - x) * (to_x - x) + (to_y - y) * (to_y - y)).sqrt();
            let mut gone = 0.0;
            while gone < length {
                let place = |gone: f64| {
                    let share = gone / length;
                    (x + (to_x - x) * share, y + (to_y - y) * share)
                };
                let drawn = at < on;
                let left = if drawn { on - at } else { on + off - at };
                let next = (gone + left).min(length);
                if drawn {
                    if dash.is_empty() {
                        dash.push(place(gone));
                    }
                    dash.push(place(next));
                }
                at += next - gone;
                gone = next;
                if drawn && at >= on {
                    self.line(&std::mem::take(&mut dash), color, width)?;
                }
                if at >= on + off {
                    at = 0.0;
                }
            }
        }
        if dash.len() > 1 { self.line(&dash, color, width) } else { Ok(()) }
    }

    /// A filled area.
    pub(crate) fn area(&self, points: &[(f64, f64)], color: impl Color) -> Result<(), ChartError> {
        let points: Vec<_> = points.iter().copied().map(fine).collect();
        Ok(self.area.draw(&Polygon::new(points, color.filled()))?)
    }

    /// A text whose small letters are centred on the height of `at`.
    pub(crate) fn text(
        &self,
        at: (f64, f64),
        text: &str,
        face: Type,
        align: Align,
    ) -> Result<(), ChartError> {
        let weight = if face.bold { FontStyle::Bold } else { FontStyle::Normal };
        // plotters writes an SVG's font size as its own size / 1.24.
        let size = face.size * f64::from(FINE) * 1.24;
        let h_pos = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let style: TextStyle = (FontFamily::Name(FAMILY), size, weight)
            .into_text_style(&self.area)
            .pos(Pos::new(h_pos, VPos::Center))
            .color(&face.color);
        let text = visible(&shortened(text, LONGEST)).into_owned();
        Ok(self.area.draw(&Text::new(text, fine(at), style))?)
    }
}

/// A small octagon: round enough at this size, and the same in both kinds of picture.
pub(crate) fn dot(
    pen: &Pen<'_>,
    (x, y): (f64, f64),
    radius: f64,
    color: RGBColor,
) -> Result<(), ChartError> {
    let cut = radius * 0.414;
    let corners = [
        (x - cut, y - radius),
        (x + cut, y - radius),
        (x + radius, y - cut),
        (x + radius, y + cut),
        (x + cut, y + radius),
        (x - cut, y + radius),
        (x - radius, y + cut),
        (x - radius, y - cut),
    ];
    pen.area(&corners, color)
}

/// Chart units to plotters' whole coordinates.
fn fine((x, y): (f64, f64)) -> (i32, i32) {
    let scale = f64::from(FINE);
    ((x * scale).round() as i32, (y * scale).round() as i32)
}

/// The drawing as an SVG document that follows the reader's light or dark scheme.
pub(crate) fn svg(
    (width, height): (u32, u32),
    alt: &str,
    draw: impl Fn(&Pen<'_>) -> Result<(), ChartError>,
) -> Result<String, ChartError> {
    let mut document = String::new();
    let size = (width * FINE, height * FINE);
    {
        let surface = Surface::Svg(SVGBackend::with_string(&mut document, size));
        paint(surface, draw)?;
    }
    let body = document.split_once('>').map_or("", |(_, body)| body);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\" stroke-linejoin=\"round\" \
         shape-rendering=\"geometricPrecision\">\n<title>{}</title>\n<style>{}{}</style>{body}",
        size.0,
        size.1,
        crate::text::escape(alt),
        font::rules(),
        theme::dark_rules(),
    ))
}

/// The drawing as a PNG file of two pixels a unit.
pub(crate) fn png(
    (width, height): (u32, u32),
    draw: impl Fn(&Pen<'_>) -> Result<(), ChartError>,
) -> Result<Vec<u8>, ChartError> {
    let fine = (width * FINE, height * FINE);
    // White paper; plotters' own filling leaves out the last row and column.
    let mut pixels = vec![0xff; fine.0 as usize * fine.1 as usize * 3];
    paint(Surface::Pixels(BitMapBackend::with_buffer(&mut pixels, fine)), draw)?;
    let size = (fine.0 / AVERAGED, fine.1 / AVERAGED);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    // Flat colours: a filter only hides their repetition.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&averaged(&pixels, fine))?;
    Ok(file)
}

fn paint(
    surface: Surface<'_>,
    draw: impl Fn(&Pen<'_>) -> Result<(), ChartError>,
) -> Result<(), ChartError> {
    let pen = Pen { area: surface.into_drawing_area() };
    pen.area.fill(&theme::PAPER)?;
    draw(&pen)?;
    Ok(pen.area.present()?)
}

/// Each square of pixels becomes one of their mean colour.
fn averaged(pixels: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let (width, height, step) = (width as usize, height as usize, AVERAGED as usize);
    let mut smaller = Vec::with_capacity(pixels.len() / (step * step));
    for top in (0..height).step_by(step) {
        for left in (0..width).step_by(step) {
            for channel in 0..3 {
                let sum: usize = (0..step * step)
                    .map(|i| (top + i / step) * width + left + i % step)
                    .map(|pixel| usize::from(pixels[pixel * 3 + channel]))
                    .sum();
                smaller.push((sum / (step * step)) as u8);
            }
        }
    }
    smaller
}

/// The two backends as one, so that no chart is compiled twice.
pub(super) enum Surface<'a> {
    Svg(SVGBackend<'a>),
    Pixels(BitMapBackend<'a>),
}

type Outcome = Result<(), DrawingErrorKind<io::Error>>;

/// One error type for both backends.
fn told<E: std::error::Error + Send + Sync>(
    error: DrawingErrorKind<E>,
) -> DrawingErrorKind<io::Error> {
    DrawingErrorKind::DrawingError(io::Error::other(error.to_string()))
}

impl DrawingBackend for Surface<'_> {
    type ErrorType = io::Error;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Self::Svg(svg) => svg.get_size(),
            Self::Pixels(pixels) => pixels.get_size(),
        }
    }

    fn ensure_prepared(&mut self) -> Outcome {
        match self {
            Self::Svg(svg) => svg.ensure_prepared(),
            Self::Pixels(pixels) => pixels.ensure_prepared().map_err(told),
        }
    }

    fn present(&mut self) -> Outcome {
        match self {
            Self::Svg(svg) => svg.present(),
            Self::Pixels(pixels) => pixels.present().map_err(told),
        }
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_pixel(point, color),
            Self::Pixels(pixels) => pixels.draw_pixel(point, color).map_err(told),
        }
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_rect(upper_left, bottom_right, style, fill),
            Self::Pixels(pixels) => {
                // plotters paints both ends of a range, an SVG its width: make them agree.
                let end = (bottom_right.0 - 1, bottom_right.1 - 1);
                pixels.draw_rect(upper_left, end, style, fill).map_err(told)
            }
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_path(path, style),
            Self::Pixels(pixels) => strokes(pixels, path, style).map_err(told),
        }
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        match self {
            Self::Svg(svg) => svg.fill_polygon(path, style),
            Self::Pixels(pixels) => pixels.fill_polygon(path, style).map_err(told),
        }
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Outcome {
        match self {
            Self::Svg(svg) => svg.draw_text(text, style, position),
            Self::Pixels(pixels) => {
                let bold = matches!(style.style(), plotters_backend::FontStyle::Bold);
                let em = style.size() / 1.24;
                let start = match style.anchor().h_pos {
                    HPos::Left => 0.0,
                    HPos::Center => -font::width(text, em, bold) / 2.0,
                    HPos::Right => -font::width(text, em, bold),
                };
                let at = (f64::from(position.0) + start, f64::from(position.1));
                let (width, height) = pixels.get_size();
                font::set(text, em, bold, at, |x, y, share| {
                    if x >= 0 && y >= 0 && (x as u32) < width && (y as u32) < height {
                        let color = style.color();
                        let alpha = color.alpha * f64::from(share);
                        pixels.draw_pixel((x, y), BackendColor { alpha, ..color })
                    } else {
                        Ok(())
                    }
                })
                .map_err(told)
            }
        }
    }
}

/// A thick line as a bar for each segment and a disc for each joint: plotters' own outline of a
/// spiky line grows thorns.
fn strokes<S: BackendStyle>(
    pixels: &mut BitMapBackend<'_>,
    path: impl IntoIterator<Item = BackendCoord>,
    style: &S,
) -> Result<(), DrawingErrorKind<<BitMapBackend<'static> as DrawingBackend>::ErrorType>> {
    let color = style.color();
    let width = f64::from(style.stroke_width());
    let mut from: Option<BackendCoord> = None;
    for to in path {
        if let Some(from) = from.filter(|from| *from != to) {
            let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
            let length = (dx * dx + dy * dy).sqrt();
            let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
            let corner = |point: BackendCoord, side: f64| {
                let x = f64::from(point.0) + nx * side;
                let y = f64::from(point.1) + ny * side;
                (x.round() as i32, y.round() as i32)
            };
            let bar = [corner(from, 1.0), corner(to, 1.0), corner(to, -1.0), corner(from, -1.0)];
            pixels.fill_polygon(bar, &color)?;
            if width > 5.0 {
                pixels.draw_circle(to, (width / 2.0) as u32, &color, true)?;
            }
        }
        from = Some(to);
    }
    Ok(())
}
