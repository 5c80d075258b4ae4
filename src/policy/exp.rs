//! The exponential function for builds that count bytes (feature `small`): `libm::exp` without what our
//! arguments never need, which is more than half of its code. The same to the last bit, and tested so.

/// `libm::exp(x)` for x from 0 to 700; beyond, its value at 700.
///
/// The algorithm is libm's (FreeBSD's `e_exp.c`): x = k ln 2 + r, a polynomial in r, times 2^k. What is
/// left out: NaN, negative arguments, overflow and subnormal results.
pub(super) fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const POLYNOMIAL: [f64; 5] = [
        1.666_666_666_666_660_2e-1,
        -2.777_777_777_701_559_3e-3,
        6.613_756_321_437_934e-5,
        -1.653_390_220_546_525_2e-6,
        4.138_136_797_057_238_5e-8,
    ];
    // The places where libm changes its way, told by the high half of x as it does.
    const TINY: u32 = 0x3e30_0000;
    const HALF_LN2: u32 = 0x3fd6_2e42;

    let x = x.min(700.0);
    let high = (x.to_bits() >> 32) as u32;
    if high <= TINY {
        return 1.0 + x;
    }
    let k = if high > HALF_LN2 { (core::f64::consts::LOG2_E * x + 0.5) as i32 } else { 0 };
    let (high, low) = (x - f64::from(k) * LN2_HIGH, f64::from(k) * LN2_LOW);
    let x = high - low;
    let xx = x * x;
    let [p1, p2, p3, p4, p5] = POLYNOMIAL;
    let c = x - xx * (p1 + xx * (p2 + xx * (p3 + xx * (p4 + xx * p5))));
    let y = 1.0 + (x * c / (2.0 - c) - low + high);
    // 2^k, made of its bits: k is from 0 to 1010.
    y * f64::from_bits(((1023 + k) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::exp;
    use crate::random::draw;

    #[test]
    fn it_is_libms_to_the_last_bit() {
        let same = |x: f64| assert_eq!(exp(x).to_bits(), libm::exp(x).to_bits(), "exp({x:e})");
        // Around every place where the way changes, to either side, bit by bit.
        for place in [
            0.0,
            3.725e-9,
            0.346_573_590_279_972_64,
            0.5,
            1.039_720_770_839_917_9,
            1.0,
            37.0,
            699.0,
        ] {
            let place = f64::to_bits(place) >> 20 << 20;
            for step in 0..20_000_u64 {
                same(f64::from_bits(place + step * 977));
                same(f64::from_bits(place.saturating_sub(step * 977)));
            }
        }
        for n in 0..200_000 {
            let unit = draw(1, n, 1);
            same(unit);
            same(unit * 700.0);
            same(unit * unit * unit * 1e-6);
        }
        for x in [700.0, 701.0, 1e300, f64::INFINITY] {
            assert_eq!(exp(x), libm::exp(700.0));
        }
    }
}
