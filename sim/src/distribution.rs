//! The distributions of the model: service times, network legs, think times.
//!
//! They are here and not from `rand_distr` because its samplers go through std's `ln` and `exp`
//! natively, and those differ between native code and WebAssembly in one of ten inputs: the same
//! seed would give two histories. These use `libm` on every target, and draw from an address
//! (stream, key, attempt), so that a policy that draws less shifts nothing for the others.
//!
//! | kind | fields | law |
//! |---|---|---|
//! | `fixed` | `value` | always `value`; a bare duration means this |
//! | `exponential` | `mean` | memoryless |
//! | `lognormal` | `median` or `mean`, `sigma` | the usual shape of latencies |
//! | `pareto` | `min`, `shape` | P(X > x) = (min / x)^shape: heavy tails |
//! | `normal` | `mean`, `sd` | folded at zero: abs(N(mean, sd)) |
//! | `uniform` | `low`, `high` | U[low, high) |
//! | `empirical` | `values`, or `file` and `column`; `scale` | one of the values, all equally likely |
//! | `mixture` | `parts`: distributions with a `weight` | one of the parts |

use redrive::{
    Duration,
    random::Draws,
    schema::{any, array, described, of_type, reference, row},
    time::nanos,
    wire::{ConfigError, Fields, Value, one_of, read_duration},
};

use crate::{
    bounds,
    files::{self, Loader},
    scenario::{
        arrivals::name_or_number,
        field::{column, fields, text},
        schema::kinds,
    },
};

/// A law of durations.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same, in nanoseconds.
    Fixed(u64),
    /// Exponential with this mean.
    Exponential {
        /// The mean, ns.
        mean: f64,
    },
    /// exp(N(ln median, sigma)).
    Lognormal {
        /// The median, ns.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Pareto (type I).
    Pareto {
        /// The smallest value, ns.
        min: f64,
        /// The exponent of the tail.
        shape: f64,
    },
    /// The absolute value of a normal variable.
    Normal {
        /// Mean before folding, ns.
        mean: f64,
        /// Standard deviation before folding, ns.
        sd: f64,
    },
    /// Uniform on [low, high).
    Uniform {
        /// The lower end, ns.
        low: f64,
        /// The upper end, ns.
        high: f64,
    },
    /// One of these values, ns, all equally likely.
    Empirical(Vec<u64>),
    /// One of these, by cumulative weight up to 1.
    Mixture(Vec<(f64, Distribution)>),
}

/// Each kind with its fields, beside `kind` and `weight`.
const KINDS: &[(&str, &[&str])] = &[
    ("fixed", &["value"]),
    ("exponential", &["mean"]),
    ("lognormal", &["median", "mean", "sigma"]),
    ("pareto", &["min", "shape"]),
    ("normal", &["mean", "sd"]),
    ("uniform", &["low", "high"]),
    ("empirical", &["values", "file", "column", "scale"]),
    ("mixture", &["parts"]),
];
/// The fields of every kind.
const SHARED: &[&str] = &["kind", "weight"];
fields! {
    /// All of them.
    FIELDS, ROWS {
        "kind": of_type("string"),
        "value": row(bounds::VALUE),
        "mean": row(bounds::MEAN),
        "median": row(bounds::MEDIAN),
        "sigma": row(bounds::SIGMA),
        "min": row(bounds::MIN),
        "shape": row(bounds::SHAPE),
        "sd": row(bounds::SD),
        "low": row(bounds::LOW),
        "high": row(bounds::HIGH),
        "values": described("The values, all equally likely.", array(reference("duration"), 1)),
        "file": text("A CSV file with a number of milliseconds in each row."),
        "column": column("The column of the values"),
        "scale": row(bounds::SCALE),
        "parts": described(
            "Distributions with a weight, one of which is drawn.",
            array(reference("distribution"), 1),
        ),
        "weight": row(bounds::WEIGHT),
    }
}

/// The schema of a distribution: a bare duration, or a law with its parameters.
pub(crate) fn schema() -> Value {
    let laws = kinds("distribution", "kind", ROWS, KINDS, SHARED);
    let what = "a duration, which is always the same, or a law from which one is drawn";
    described(what, any([reference("duration"), laws]))
}

impl Distribution {
    /// Zero, always.
    pub const ZERO: Self = Self::Fixed(0);

    /// One sample, in nanoseconds; takes what it needs from `draws`.
    #[inline]
    #[must_use]
    pub fn sample(&self, draws: &mut Draws) -> u64 {
        match self {
            Self::Fixed(value) => *value,
            other => other.sample_random(draws),
        }
    }

    #[inline(never)]
    fn sample_random(&self, draws: &mut Draws) -> u64 {
        // A float beyond u64 saturates in the cast; NaN cannot occur: every parameter is finite.
        match self {
            Self::Fixed(value) => *value,
            Self::Exponential { mean } => round(exponential(draws) * mean),
            Self::Lognormal { median, sigma } => {
                round(median * libm::exp(sigma * standard_normal(draws)))
            }
            Self::Pareto { min, shape } => round(min * libm::pow(1.0 - draws.unit(), -1.0 / shape)),
            Self::Normal { mean, sd } => round(libm::fabs(mean + sd * standard_normal(draws))),
            Self::Uniform { low, high } => round(low + (high - low) * draws.unit()),
            Self::Empirical(values) => {
                let index = (draws.unit() * values.len() as f64) as usize;
                values.get(index).copied().unwrap_or(0)
            }
            Self::Mixture(parts) => {
                let unit = draws.unit();
                let part = parts.iter().find(|(upto, _)| unit < *upto).or(parts.last());
                part.map_or(0, |(_, part)| part.sample(draws))
            }
        }
    }

    /// The mean in nanoseconds; infinite for a Pareto law with a shape up to 1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(value) => *value as f64,
            Self::Exponential { mean } => *mean,
            Self::Lognormal { median, sigma } => median * libm::exp(sigma * sigma / 2.0),
            Self::Pareto { min, shape } if *shape > 1.0 => min * shape / (shape - 1.0),
            Self::Pareto { .. } => f64::INFINITY,
            Self::Normal { mean, sd } if *sd > 0.0 => {
                // The folded normal law.
                let z = mean / sd;
                let phi = libm::exp(-z * z / 2.0) * libm::sqrt(2.0 / core::f64::consts::PI);
                sd * phi + mean * libm::erf(z / core::f64::consts::SQRT_2)
            }
            Self::Normal { mean, .. } => *mean,
            Self::Uniform { low, high } => f64::midpoint(*low, *high),
            Self::Empirical(values) => {
                values.iter().map(|v| *v as f64).sum::<f64>() / values.len().max(1) as f64
            }
            Self::Mixture(parts) => {
                let mut before = 0.0;
                let mut sum = 0.0;
                for (upto, part) in parts {
                    sum += (upto - before) * part.mean();
                    before = *upto;
                }
                sum
            }
        }
    }

    /// Reads a distribution, or a bare duration that means a fixed one.
    ///
    /// # Errors
    /// A field that is missing, unknown or out of its limits; a file that cannot be read.
    pub fn read(value: &Value, path: &str, files: &mut dyn Loader) -> Result<Self, ConfigError> {
        Self::read_nested(value, path, files, 0)
    }

    fn read_nested(
        value: &Value,
        path: &str,
        files: &mut dyn Loader,
        depth: u32,
    ) -> Result<Self, ConfigError> {
        if !matches!(value, Value::Map(_)) {
            return Ok(Self::Fixed(nanos(read_duration(value, path)?)));
        }
        let fields = Fields::read(value, path, FIELDS)?;
        let kinds: Vec<&'static str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        let kind = one_of(&fields.path_of("kind"), fields.required_text("kind")?, &kinds)?;
        let own = KINDS.iter().find(|(name, _)| *name == kind);
        let allowed = own.map_or(&[][..], |(_, allowed)| *allowed);
        for name in FIELDS {
            if fields.get(name).is_some() && !allowed.contains(name) && !SHARED.contains(name) {
                let message =
                    format!("has no effect for kind {kind}, which has: {}", allowed.join(", "));
                return Err(fields.error(name, message));
            }
        }
        let needed = |name: &'static str, bound| -> Result<f64, ConfigError> {
            match fields.bounded_duration(name, bound)? {
                Some(duration) => Ok(nanos(duration) as f64),
                None => Err(fields.error(name, "is missing; write a duration")),
            }
        };
        let factor = |bound: &redrive::bounds::Bound| -> Result<f64, ConfigError> {
            Ok(fields.bounded(bound.name, bound)?.or(bound.default).unwrap_or(1.0))
        };
        Ok(match kind {
            "fixed" => Self::Fixed(needed("value", bounds::VALUE)? as u64),
            "exponential" => Self::Exponential { mean: needed("mean", bounds::MEAN)? },
            "lognormal" => {
                let sigma = factor(bounds::SIGMA)?;
                let median = match fields.bounded_duration("mean", bounds::MEAN)? {
                    Some(_) if fields.get("median").is_some() => {
                        return Err(
                            fields.error("mean", "is given as well as median; keep one of them")
                        );
                    }
                    Some(mean) => nanos(mean) as f64 * libm::exp(-sigma * sigma / 2.0),
                    None => needed("median", bounds::MEDIAN)?,
                };
                Self::Lognormal { median, sigma }
            }
            "pareto" => {
                Self::Pareto { min: needed("min", bounds::MIN)?, shape: factor(bounds::SHAPE)? }
            }
            "normal" => {
                Self::Normal { mean: needed("mean", bounds::MEAN)?, sd: needed("sd", bounds::SD)? }
            }
            "uniform" => {
                let low = fields.bounded_duration("low", bounds::LOW)?.unwrap_or(Duration::ZERO);
                let (low, high) = (nanos(low) as f64, needed("high", bounds::HIGH)?);
                if low > high {
                    return Err(fields.error("low", "is above high; swap them"));
                }
                Self::Uniform { low, high }
            }
            "empirical" => Self::read_empirical(&fields, factor(bounds::SCALE)?, files)?,
            _ => Self::read_mixture(&fields, files, depth)?,
        })
    }

    fn read_empirical(
        fields: &Fields<'_>,
        scale: f64,
        files: &mut dyn Loader,
    ) -> Result<Self, ConfigError> {
        let mut values = Vec::new();
        if let Some(list) = fields.list("values")? {
            for (i, value) in list.iter().enumerate() {
                let path = format!("{}[{i}]", fields.path_of("values"));
                values.push(nanos(read_duration(value, &path)?) as f64 * scale);
            }
        } else {
            let Some(file) = fields.text("file")? else {
                return Err(fields.error("file", "is missing; name a CSV file, or write values"));
            };
            let text = files::load(files, &fields.path_of("file"), file)?;
            let column = name_or_number(fields, "column")?;
            for (row, millis) in
                files::column(&text, file, column.as_deref(), &fields.path_of("column"))?
            {
                if millis < 0.0 {
                    let message =
                        format!("row {row} of {file} holds a number which is a negative time");
                    return Err(fields.error("file", message));
                }
                values.push(millis * 1e6 * scale);
            }
        }
        if values.is_empty() {
            return Err(fields.error("values", "is empty; give at least one duration"));
        }
        Ok(Self::Empirical(values.into_iter().map(round).collect()))
    }

    fn read_mixture(
        fields: &Fields<'_>,
        files: &mut dyn Loader,
        depth: u32,
    ) -> Result<Self, ConfigError> {
        let list = fields.list("parts")?.unwrap_or_default();
        if list.is_empty() || depth > 4 {
            let message = "is empty (or nests too many mixtures); give distributions";
            return Err(fields.error("parts", message));
        }
        let mut parts = Vec::new();
        let mut total = 0.0;
        for (i, value) in list.iter().enumerate() {
            let path = format!("{}[{i}]", fields.path_of("parts"));
            let part = Self::read_nested(value, &path, files, depth + 1)?;
            let weight = match value.get("weight") {
                Some(weight) => {
                    let path = format!("{path}.weight");
                    let number = weight.as_f64().unwrap_or(f64::NAN);
                    redrive::wire::check(&path, bounds::WEIGHT, number)?
                }
                None => 1.0,
            };
            total += weight;
            parts.push((total, part));
        }
        if total <= 0.0 {
            return Err(fields.error("parts", "weigh nothing; give one a weight above 0"));
        }
        for (upto, _) in &mut parts {
            *upto /= total;
        }
        Ok(Self::Mixture(parts))
    }
}

fn round(nanos: f64) -> u64 {
    (nanos + 0.5) as u64
}

/// An exponential variable of mean 1. `1 - unit` is never 0.
#[inline]
pub(crate) fn exponential(draws: &mut Draws) -> f64 {
    -libm::log(1.0 - draws.unit())
}

/// A standard normal variable (Box and Muller; the second of the pair is not kept, because there is
/// nowhere to keep it that would not be state).
fn standard_normal(draws: &mut Draws) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(draws));
    radius * libm::cos(2.0 * core::f64::consts::PI * draws.unit())
}

#[cfg(test)]
mod tests {
    use redrive::random::Stream;

    use super::*;
    use crate::{files::NoFiles, tree::tree};

    type Law = Box<dyn Fn(f64) -> f64>;

    const N: u64 = 40_000;

    fn samples(distribution: &Distribution) -> Vec<f64> {
        let stream = Stream::new(7);
        (0..N).map(|key| distribution.sample(&mut stream.draws(key, 1)) as f64).collect()
    }

    /// The largest distance between the samples and the law.
    fn kolmogorov_smirnov(distribution: &Distribution, law: &dyn Fn(f64) -> f64) -> f64 {
        let mut samples = samples(distribution);
        samples.sort_unstable_by(f64::total_cmp);
        let n = samples.len() as f64;
        let distances = samples.iter().enumerate().map(|(i, x)| {
            let p = law(*x);
            (p - i as f64 / n).abs().max((p - (i + 1) as f64 / n).abs())
        });
        distances.fold(0.0, f64::max) * libm::sqrt(n)
    }

    #[test]
    fn samples_follow_their_laws() {
        let ms = 1e6;
        let normal = |z: f64| 0.5 * libm::erfc(-z / core::f64::consts::SQRT_2);
        let laws: [(Distribution, Law); 5] = [
            (Distribution::Exponential { mean: 5.0 * ms }, {
                Box::new(move |x| 1.0 - libm::exp(-x / (5.0 * ms)))
            }),
            (Distribution::Lognormal { median: 5.0 * ms, sigma: 0.7 }, {
                Box::new(move |x| normal(libm::log(x / (5.0 * ms)) / 0.7))
            }),
            (Distribution::Pareto { min: 5.0 * ms, shape: 1.5 }, {
                Box::new(move |x| 1.0 - libm::pow(5.0 * ms / x, 1.5))
            }),
            (Distribution::Normal { mean: 5.0 * ms, sd: 4.0 * ms }, {
                Box::new(move |x| normal((x / ms - 5.0) / 4.0) - normal((-x / ms - 5.0) / 4.0))
            }),
            (Distribution::Uniform { low: 5.0 * ms, high: 9.0 * ms }, {
                Box::new(move |x| (x / ms - 5.0) / 4.0)
            }),
        ];
        for (distribution, law) in laws {
            let distance = kolmogorov_smirnov(&distribution, &law);
            // 1.95 is the 0.1 % point of the Kolmogorov law.
            assert!(distance < 1.95, "{distribution:?}: {distance}");
        }
    }

    #[test]
    fn the_stated_mean_is_the_mean_of_the_samples() {
        let two = vec![
            (0.999, Distribution::Exponential { mean: 1e8 }),
            (1.0, Distribution::Exponential { mean: 1e10 }),
        ];
        for distribution in [
            Distribution::Fixed(7),
            Distribution::Normal { mean: 1e7, sd: 2e6 },
            Distribution::Normal { mean: 1e6, sd: 4e6 },
            Distribution::Lognormal { median: 1e7, sigma: 0.5 },
            Distribution::Pareto { min: 1e7, shape: 3.5 },
            Distribution::Empirical(vec![10, 20, 40]),
            Distribution::Mixture(two),
        ] {
            let samples = samples(&distribution);
            let n = samples.len() as f64;
            let mean = samples.iter().sum::<f64>() / n;
            let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let error = 3.5 * libm::sqrt(variance / n) + 0.5;
            let expected = distribution.mean();
            assert!((mean - expected).abs() < error, "{distribution:?}: {mean} not {expected}");
        }
    }

    #[test]
    fn a_bad_distribution_is_refused_by_name() {
        for (bad, says) in [
            (tree!({ kind: "expnential", mean: "1s" }), "did you mean \"exponential\"?"),
            (tree!({ kind: "exponential" }), "service.mean is missing"),
            (
                tree!({ kind: "exponential", mean: "1s", sigma: 2_u32 }),
                "service.sigma has no effect",
            ),
            (tree!({ kind: "lognormal", mean: "1s", median: "1s" }), "keep one of them"),
            (tree!({ kind: "pareto", min: "1s", shape: 0_u32 }), "service.shape = 0 is below 0.01"),
            (tree!({ kind: "uniform", low: "2s", high: "1s" }), "service.low is above high"),
            (tree!({ kind: "empirical", values: [] }), "service.values is empty"),
            (tree!({ kind: "mixture", parts: [] }), "service.parts is empty"),
            (tree!("-1s"), "service = \"-1s\""),
            (tree!({ kind: "empirical", file: "x.csv" }), "cannot be read here"),
        ] {
            let error = Distribution::read(&bad, "service", &mut NoFiles).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }
}
