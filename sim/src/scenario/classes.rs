//! `[[clients]]`: several classes of clients that call the same service. All of them behave as
//! `[client]` says; each has
//!
//! | field | meaning |
//! |---|---|
//! | `name` | what it is called |
//! | `arrivals` | tasks of its own ([kinds](super::arrivals)) |
//! | `share` | or the share of the tasks of `[arrivals]` that are its; left out: an equal part of what the others leave |
//! | `policy` | a preset's name, an inline policy, or `"same"` (default): the policy under comparison |
//! | `priority` | requests of a higher one leave a queue first; 0 when left out |
//!
//! So the rollout of a new policy to a tenth of the clients is two classes with a share, and
//! interactive calls beside a batch are two with arrivals and a priority.

use redrive::{
    RetryPolicy,
    schema::{described, nullable, row},
    wire::{ConfigError, Fields, Number, Value, quoted},
};

use super::{
    arrivals::{self, Arrivals},
    field::{fields, policy_or_same, text},
    policies,
    read::ByRow,
    server::SAME,
};
use crate::{bounds, files::Loader};

fields! {
    /// The fields of a class.
    pub(super) FIELDS, ROWS {
        "name": text("The name of the class."),
        "arrivals": described("Tasks of its own.", arrivals::schema()),
        "share": nullable(row(bounds::CLASS_SHARE)),
        "policy": policy_or_same(
            "How they retry: a preset's name, a policy, or same, the policy under comparison. Default: \
             same.",
        ),
        "priority": row(bounds::PRIORITY),
    }
}

/// One class of clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// What it is called.
    pub name: String,
    /// Its own tasks; `None`: a share of the common ones.
    pub arrivals: Option<Arrivals>,
    /// Which share of the common tasks.
    pub share: f64,
    /// How they retry; `None`: by the policy under comparison.
    pub policy: Option<RetryPolicy>,
    /// Who is served first: the higher.
    pub priority: u32,
}

/// Reads the list, and shares out what no class claims.
pub(super) fn read(
    list: &[Value],
    common: bool,
    files: &mut dyn Loader,
) -> Result<Vec<Class>, ConfigError> {
    let mut classes: Vec<Class> = Vec::new();
    let mut open = Vec::new();
    for (i, value) in list.iter().enumerate() {
        let path = format!("clients[{i}]");
        let fields = Fields::read(value, &path, FIELDS)?;
        let name = fields.text("name")?.map_or_else(|| format!("class {}", i + 1), str::to_owned);
        if classes.iter().any(|other| other.name == name) {
            let message = format!("= {} is given twice; give one another name", quoted(&name));
            return Err(fields.error("name", message));
        }
        let arrivals = match fields.get("arrivals") {
            Some(value) => Some(Arrivals::read(value, &fields.path_of("arrivals"), files)?),
            None => None,
        };
        let share = fields.maybe_number_of(bounds::CLASS_SHARE)?;
        match (&arrivals, share) {
            (Some(_), Some(_)) => {
                return Err(fields.error("share", "is given beside arrivals; keep one of them"));
            }
            (None, None) => open.push(i),
            _ => {}
        }
        let policy = match fields.get("policy") {
            None => None,
            Some(Value::Text(name)) if name == SAME => None,
            Some(value) => Some(policies::read_one(value, &fields.path_of("policy"))?),
        };
        let priority = fields.count_of(bounds::PRIORITY)? as u32;
        let share = share.unwrap_or(0.0);
        classes.push(Class { name, arrivals, share, policy, priority });
    }
    share_out(&mut classes, &open, common)?;
    Ok(classes)
}

fn share_out(classes: &mut [Class], open: &[usize], common: bool) -> Result<(), ConfigError> {
    if classes.is_empty() {
        return Ok(());
    }
    let sharing = classes.iter().any(|class| class.arrivals.is_none());
    if common && !sharing {
        let message = "has no effect: every class of clients has arrivals of its own; remove it, or \
                       give a class a share";
        return Err(ConfigError::new("arrivals", message));
    }
    let claimed: f64 = classes.iter().map(|class| class.share).sum();
    let shown = Number(claimed);
    if claimed > 1.0 + 1e-9 {
        let message = format!("have shares of {shown} together, which is above 1: lower one");
        return Err(ConfigError::new("clients", message));
    }
    if sharing && open.is_empty() && claimed < 1.0 - 1e-9 {
        let message = format!(
            "have shares of {shown} together: make it 1, or leave the share of one class out"
        );
        return Err(ConfigError::new("clients", message));
    }
    for i in open {
        classes[*i].share = (1.0 - claimed).max(0.0) / open.len() as f64;
    }
    Ok(())
}
