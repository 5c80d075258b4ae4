//! Numbers in sentences.
//!
//! The standard library prints every double with the fewest digits that read back as the same one,
//! which takes two algorithms and their tables: 8 kB of a WebAssembly module after compression, for
//! error messages about values like 0.5. Here the fewest decimals are found by trying them.

use core::fmt;

/// A number as a sentence shows it: whole numbers in full, others with as many decimals as they have,
/// if those are sixteen digits in all; nearly so beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

/// 2^53: whole numbers below it are exact, and so are their quotients by a power of ten.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number(value) = *self;
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_sign_negative() {
            f.write_str("-")?;
        }
        match value.abs() {
            f64::INFINITY => f.write_str("inf"),
            size if size >= WHOLE => write_large(f, size),
            size if size > 0.0 && size < 1e-12 => write_small(f, size),
            size => write_decimals(f, size),
        }
    }
}

/// A whole number that is not exact, or beyond 64 bits.
fn write_large(f: &mut fmt::Formatter<'_>, mut size: f64) -> fmt::Result {
    let mut zeros = 0;
    while size >= 18_446_744_073_709_551_616.0 {
        size /= 10.0;
        zeros += 1;
    }
    write!(f, "{}", size as u64)?;
    (0..zeros).try_for_each(|_| f.write_str("0"))
}

fn write_small(f: &mut fmt::Formatter<'_>, mut size: f64) -> fmt::Result {
    let mut exponent = 0;
    while size < 1.0 {
        size *= 10.0;
        exponent += 1;
    }
    write_decimals(f, size)?;
    write!(f, "e-{exponent}")
}

fn write_decimals(f: &mut fmt::Formatter<'_>, size: f64) -> fmt::Result {
    // Powers of ten are exact doubles up to 10^22.
    let (mut shown, mut tens) = ((size as u64, 1, 0), 1_u64);
    for decimals in 0..=18 {
        let scaled = size * tens as f64 + 0.5;
        if scaled >= WHOLE {
            break;
        }
        let digits = scaled as u64;
        shown = (digits, tens, decimals);
        if digits as f64 / tens as f64 == size {
            break;
        }
        tens *= 10;
    }
    let (mut digits, mut tens, mut decimals) = shown;
    // What was cut off may have been zeros all along.
    while decimals > 0 && digits % 10 == 0 {
        (digits, tens, decimals) = (digits / 10, tens / 10, decimals - 1);
    }
    write!(f, "{}", digits / tens)?;
    if decimals == 0 {
        return Ok(());
    }
    write!(f, ".{:01$}", digits % tens, decimals)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::Number;

    #[test]
    fn numbers_look_as_the_standard_library_shows_them() {
        let numbers = [
            0.0,
            1.0,
            -1.0,
            0.5,
            0.1,
            0.2,
            0.3,
            1.1,
            -2.5,
            0.02,
            1e-9,
            100.25,
            1e6,
            123_456.789,
            0.999,
            1.0 / 1024.0,
            4_294_967_296.0,
            9_007_199_254_740_991.0,
            1e15,
            1e18,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ];
        for number in numbers {
            assert_eq!(Number(number).to_string(), number.to_string());
        }
    }

    #[test]
    fn what_is_too_long_to_be_exact_is_near() {
        for number in
            [0.1 + 0.2, 1.0 / 3.0, 2.0 / 3.0 * 1e5, 1e300, 1.7e19, 1e-300, 5e-324, 123.456 / 7.0]
        {
            let shown: f64 = Number(number).to_string().parse().unwrap();
            assert!((shown / number - 1.0).abs() < 1e-11, "{number}: {shown}");
        }
    }

    #[test]
    fn thousandths_read_back_as_they_were() {
        for n in 0..100_000_u32 {
            let number = f64::from(n) / 1000.0;
            assert_eq!(Number(number).to_string(), number.to_string());
        }
    }
}
