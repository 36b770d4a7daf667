//! Which colour is whose: beside the drawing, where no line or bar is hidden.

use anyhow::Result;
use plotters::element::{Rectangle, Text};
use plotters::style::Color;

use super::lines::{Area, failed};

/// Pixels that it takes at the right of a drawing.
pub const WIDTH: u32 = 190;
/// From one name to the next, and above the first.
const STEP: usize = 20;
const TOP: i32 = 48;

/// Writes the names into an area [`WIDTH`] pixels wide.
pub fn draw<'a>(area: &Area<'_>, names: impl Iterator<Item = &'a str>) -> Result<()> {
    for (place, (y, name)) in (TOP..).step_by(STEP).zip(names).enumerate() {
        let mark = [(4, y), (16, y + 10)];
        area.draw(&Rectangle::new(mark, super::colour(place).filled()))
            .map_err(failed)?;
        let text = Text::new(name.to_owned(), (22, y - 1), ("sans-serif", 12));
        area.draw(&text).map_err(failed)?;
    }
    Ok(())
}
