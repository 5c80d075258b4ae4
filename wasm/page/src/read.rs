//! Reading a query. Never fails for what the query says: what is wrong in it becomes a notice.

use redrive::{
    RetryPolicy,
    wire::{ConfigError, quoted},
};

use super::{
    Chosen, NOTHING, Page, Slot, VERSION, VIEW, builtin, change_scenario, is_scenario, query,
    scenes, tree,
};

impl Page {
    /// Reads a URL, or its query alone.
    ///
    /// # Errors
    /// Only if the defaults themselves are broken: what the URL says wrong becomes a notice.
    pub fn read(url: &str) -> Result<Self, ConfigError> {
        let (pairs, cut) = query::parse(query::of_url(url));
        let mut page = Self::untouched()?;
        if cut {
            page.notices.push("The link is longer than any of ours; its end was ignored.".into());
        }
        page.read_scene(&pairs);
        page.read_own(&pairs);
        page.read_bases(&pairs);
        for slot in [Slot::A, Slot::B] {
            page.read_policy(slot, &pairs);
        }
        page.read_scenario(&pairs);
        for (name, value) in &pairs {
            page.read_rest(name, value);
        }
        Ok(page)
    }

    fn read_scene(&mut self, pairs: &[(String, String)]) {
        for (_, value) in pairs.iter().filter(|(name, _)| name == "s") {
            match builtin(value).and_then(|tree| Ok((tree, scenes::policies(value)?))) {
                Ok((tree, own)) => {
                    self.builtin.clone_from(value);
                    (self.scenario, self.own) = (tree, own);
                }
                Err(error) => self.notices.push(format!("In the link: {error}.")),
            }
        }
    }

    /// The policies of a scenario that came from a file.
    fn read_own(&mut self, pairs: &[(String, String)]) {
        match scenes::of_pairs(pairs) {
            Ok(own) if own.is_empty() => {}
            Ok(own) => self.own = own,
            Err(error) => {
                self.notices.push(format!("The policies of the link are not valid ({error})."));
            }
        }
    }

    fn read_bases(&mut self, pairs: &[(String, String)]) {
        for (name, value) in pairs {
            let result = match name.as_str() {
                "v" if value.parse::<u64>().is_ok_and(|version| version > VERSION) => {
                    self.notices.push(
                        "The link was made by a newer redrive; what is not known here was left out."
                            .into(),
                    );
                    Ok(())
                }
                "a" => Chosen::of(value, &self.own).map(|chosen| self.a = chosen),
                "b" if value == NOTHING => {
                    self.b = None;
                    Ok(())
                }
                "b" => Chosen::of(value, &self.own).map(|chosen| self.b = Some(chosen)),
                _ => Ok(()),
            };
            if let Err(error) = result {
                self.notices.push(format!("In the link: {error}."));
            }
        }
    }

    fn read_policy(&mut self, slot: Slot, pairs: &[(String, String)]) {
        let prefix = format!("{}.", slot.letter());
        let mut changes = pairs
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(&prefix)?, value)))
            .peekable();
        if changes.peek().is_none() {
            return;
        }
        let Some(chosen) = self.chosen(slot) else {
            self.notices.push("The link changes a policy B that it does not have.".into());
            return;
        };
        let mut tree = chosen.policy.to_value();
        let applied = changes.try_for_each(|(path, text)| tree::apply(&mut tree, path, text));
        match applied.and_then(|()| RetryPolicy::from_value(&tree)) {
            Ok(policy) => self.replace(slot, policy),
            Err(error) => {
                let (name, preset) = (slot.name(), chosen.label());
                let notice =
                    format!("Policy {name} of the link is not valid ({error}); this is {preset}.");
                self.notices.push(notice);
            }
        }
    }

    fn read_scenario(&mut self, pairs: &[(String, String)]) {
        let mut tree = self.scenario.clone();
        let mut applied = Ok(());
        for (name, value) in pairs.iter().filter(|(name, _)| is_scenario(name)) {
            applied = applied
                .and_then(|()| change_scenario(&mut tree, name, tree::value_of(value), value));
        }
        let before = std::mem::replace(&mut self.scenario, tree);
        if let Err(error) = applied.and_then(|()| self.check()) {
            self.scenario = before;
            let builtin = &self.builtin;
            let notice =
                format!("The scenario of the link is not valid ({error}); this is {builtin}.");
            self.notices.push(notice);
        }
    }

    fn read_rest(&mut self, name: &str, value: &str) {
        let first = name.split('.').next().unwrap_or_default();
        if matches!(first, "v" | "s" | "a" | "b") || is_own(name) || is_scenario(name) {
            return;
        }
        if name == "key" {
            self.key = value.chars().take(200).collect();
        } else if let Some((known, allowed)) = VIEW.iter().find(|(known, _)| *known == name) {
            let fits = allowed.contains(&value) || allowed.is_empty() && value.len() <= 40;
            if fits {
                self.look(known, value);
            } else {
                let name = quoted(name);
                self.notices.push(format!("{name} of the link has an unknown value."));
            }
        } else {
            let name: String = name.chars().take(40).collect();
            let name = quoted(&name);
            self.notices.push(format!(
                "The link sets {name}, which is not a field of the page; it was left out."
            ));
        }
    }
}

/// Whether a pair is about the scenario's own policies.
fn is_own(name: &str) -> bool {
    name.split('.').next() == Some("policies")
}
