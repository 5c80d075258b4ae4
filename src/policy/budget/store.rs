//! A budget written down and read again: what snapshots store.

use alloc::{format, vec::Vec};

use super::{
    super::{
        check::check_budget,
        wire::{read_budget, write_budget},
    },
    Budget, BudgetRule, Ledger, PARTS, TOKEN,
};
use crate::{
    time::Time,
    wire::{ConfigError, Fields, Value},
};

impl Budget {
    /// The rule and the state, to be stored.
    pub fn to_value(&self) -> Value {
        let counts = |parts: &[u64; PARTS]| {
            Value::List(parts.iter().map(|part| Value::Unsigned(*part)).collect())
        };
        let ledger = match &self.ledger {
            Ledger::Bucket { balance } => Value::map([("balance", (*balance).into())]),
            Ledger::Window { part, credits, debits, last } => {
                let mut map = Vec::from([
                    ("part".into(), (*part).into()),
                    ("credits".into(), counts(credits)),
                    ("debits".into(), counts(debits)),
                ]);
                if *last > Time::ZERO {
                    map.push(("last".into(), last.as_nanos().into()));
                }
                Value::Map(map)
            }
            Ledger::Pace { whole, now } => {
                Value::map([("whole", whole.as_nanos().into()), ("now", now.as_nanos().into())])
            }
            Ledger::InFlight { tasks, retries } => {
                Value::map([("tasks", (*tasks).into()), ("retries", (*retries).into())])
            }
        };
        Value::map([
            ("rule", write_budget(&self.rule)),
            ("ledger", ledger),
            ("denied", self.denied.into()),
            ("granted", self.granted.into()),
        ])
    }

    /// Reads what [`to_value`](Budget::to_value) wrote.
    ///
    /// # Errors
    /// Names the field that no budget can have like that.
    pub fn from_value(value: &Value, path: &str) -> Result<Budget, ConfigError> {
        let fields = Fields::read(value, path, &["rule", "ledger", "denied", "granted"])?;
        let missing = |name: &str| fields.error(name, "is missing");
        let rule = fields.get("rule").ok_or_else(|| missing("rule"))?;
        let rule_path = fields.path_of("rule");
        let rule = read_budget(rule, &rule_path)?;
        check_budget(&rule_path, &rule)?;
        let ledger = fields.get("ledger").ok_or_else(|| missing("ledger"))?;
        let mut budget = Budget::new(&rule);
        budget.read_ledger(ledger, &fields.path_of("ledger"))?;
        budget.denied = fields.unsigned("denied")?.ok_or_else(|| missing("denied"))?;
        budget.granted = fields.unsigned("granted")?.ok_or_else(|| missing("granted"))?;
        Ok(budget)
    }

    fn read_ledger(&mut self, value: &Value, path: &str) -> Result<(), ConfigError> {
        let known: &[&'static str] = match self.ledger {
            Ledger::Bucket { .. } => &["balance"],
            Ledger::Window { .. } => &["part", "credits", "debits", "last"],
            Ledger::Pace { .. } => &["whole", "now"],
            Ledger::InFlight { .. } => &["tasks", "retries"],
        };
        let fields = Fields::read(value, path, known)?;
        let count = |name: &str| {
            fields
                .unsigned(name)?
                .ok_or_else(|| fields.error(name, "is missing; write a whole number"))
        };
        match (&mut self.ledger, &self.rule) {
            (Ledger::Bucket { balance }, BudgetRule::TokenBucket(bucket)) => {
                *balance = count("balance")?;
                if *balance > u64::from(bucket.capacity) * TOKEN {
                    return Err(fields.error("balance", "is above the capacity"));
                }
            }
            (Ledger::Pace { whole, now }, _) => {
                (*whole, *now) =
                    (Time::from_nanos(count("whole")?), Time::from_nanos(count("now")?));
            }
            (Ledger::Window { part, credits, debits, last }, _) => {
                *last = Time::from_nanos(fields.unsigned("last")?.unwrap_or_default());
                *part = count("part")?;
                *credits = read_parts(&fields, "credits")?;
                *debits = read_parts(&fields, "debits")?;
            }
            (Ledger::InFlight { tasks, retries }, _) => {
                *tasks = count("tasks")?;
                *retries = count("retries")?;
            }
            (Ledger::Bucket { .. }, _) => {}
        }
        Ok(())
    }
}

fn read_parts(fields: &Fields<'_>, name: &str) -> Result<[u64; PARTS], ConfigError> {
    let wrong = || fields.error(name, format!("is not a list of {PARTS} whole numbers"));
    let list = fields.list(name)?.ok_or_else(wrong)?;
    let mut parts = [0; PARTS];
    if list.len() != PARTS {
        return Err(wrong());
    }
    for (part, value) in parts.iter_mut().zip(list) {
        let Value::Unsigned(number) = value else { return Err(wrong()) };
        *part = *number;
    }
    Ok(parts)
}
