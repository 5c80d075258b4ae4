//! Bytes of a file as text: its encoding, and what is not text at all.

/// The text in `bytes`; or why there is none, in words that go on from the file's name, with the
/// remedy.
///
/// UTF-8 and UTF-16 are told by their marks or their zeros; anything else that is not UTF-8 is read as
/// Latin-1, in which digits and separators are the same.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(why) = not_text(&bytes) {
        return Err(why.to_owned());
    }
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(utf8(rest.to_vec())),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [_, 0, _, 0, ..] => utf16(&bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => utf16(&bytes, u16::from_be_bytes),
        _ if bytes.contains(&0) => Err("is not a text file: export it as CSV".to_owned()),
        _ => Ok(utf8(bytes)),
    }
}

fn not_text(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("is compressed with gzip: unpack it first, with gunzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Some("is compressed with zstd: unpack it first, with unzstd")
        }
        [b'B', b'Z', b'h', ..] => Some("is compressed with bzip2: unpack it first, with bunzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            Some("is compressed with xz: unpack it first, with unxz")
        }
        [b'P', b'K', 3, 4, ..] => Some("is a ZIP archive or a spreadsheet: export it as CSV"),
        [b'P', b'A', b'R', b'1', ..] => Some("is a Parquet file: export it as CSV"),
        _ => None,
    }
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(
            "is cut off in the middle of a letter: it has an odd number of bytes of UTF-16"
                .to_owned(),
        );
    }
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| "is damaged UTF-16: save it as UTF-8".to_owned())?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
