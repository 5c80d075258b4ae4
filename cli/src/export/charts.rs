//! The charts, each as SVG and as PNG.

use super::{Exporter, Findings};
use crate::{error::CliError, output::File};

/// `attempts.svg`, `attempts.png` and so on.
pub(super) struct Charts;

impl Exporter for Charts {
    fn files(&self, findings: &Findings<'_>) -> Result<Vec<File>, CliError> {
        let pair = |picture: &crate::chart::Picture| {
            let file = |ending: &str, bytes: &[u8]| File {
                name: format!("{}.{ending}", picture.name),
                bytes: bytes.to_vec(),
            };
            [file("svg", picture.svg.as_bytes()), file("png", &picture.png)]
        };
        Ok(findings.pictures.iter().flat_map(pair).collect())
    }
}
