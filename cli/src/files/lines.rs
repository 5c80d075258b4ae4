//! The lines of a file, by their bytes.

use std::ops::Range;

/// A file's bytes and where its lines are. Each line has its end (`\n`) with it, except perhaps the
/// last.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    /// Finds the lines of `bytes`.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let newlines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let mut ends: Vec<usize> = newlines.map(|(at, _)| at + 1).collect();
        if ends.last().copied().unwrap_or(0) < bytes.len() {
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes there are.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Where the line `index` (from 0) is, with its end.
    pub(crate) fn range(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        start.unwrap_or(0)..self.ends.get(index).copied().unwrap_or(self.bytes.len())
    }

    /// The line `index` (from 0), with its end.
    pub(crate) fn line(&self, index: usize) -> &[u8] {
        self.bytes.get(self.range(index)).unwrap_or_default()
    }

    /// Every line, without its end and the blanks around it.
    pub(crate) fn trimmed(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.line(index).trim_ascii())
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_with_their_ends() {
        let lines = Lines::new(b"a\n\r\n bc".to_vec());
        assert_eq!((lines.len(), lines.size()), (3, 7));
        assert_eq!(
            (lines.line(0), lines.line(1), lines.line(2)),
            (&b"a\n"[..], &b"\r\n"[..], &b" bc"[..])
        );
        assert_eq!(lines.trimmed().collect::<Vec<_>>(), [&b"a"[..], b"", b"bc"]);
        assert_eq!(Lines::new(Vec::new()).len(), 0);
    }
}
