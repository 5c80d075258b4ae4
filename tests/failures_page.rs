//! docs/FAILURES.md is made from the table: `cargo xtask golden --bless` writes it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fmt::Write as _, fs, path::PathBuf};

use redrive::failure::{GRPC, Kind, PREFIXES, ROWS, System, Worth, families};

const INTRODUCTION: &str = "\
<!-- Made from src/failure/table.rs by `cargo xtask golden --bless`. Do not edit. -->

# Failures: one vocabulary

What fails says so in the words of its system: an HTTP status, a gRPC code, an errno, the name of an
exception. redrive maps every code below to a **kind**, and rules, budgets, presets, imported policies,
the simulator and the npm package all go by that one table (`redrive::failure` in Rust).

## What a rule can match

```json
{ \"classify\": [
    { \"match\": [\"throttle\", \"529\"], \"action\": \"retry\", \"backoff\": { \"kind\": \"exponential\", \"initial\": \"1s\" } },
    { \"match\": [\"5xx\", \"connection\", \"UNAVAILABLE\", \"UND_ERR_*\"], \"action\": \"retry\" },
    { \"match\": \"CardDeclined\", \"action\": \"discard\" } ],
  \"defaultAction\": \"deadLetter\" }
```

The first rule that matches decides. A match is

- a **kind** of the table below: every failure of that kind, whatever its code;
- a **family** (see below): `5xx` is the HTTP statuses 500 to 599, not a refused connection;
- a **code**: that code. gRPC's are one by name and by number (`UNAVAILABLE`, `14`), HTTP's with and
  without `http` (`503`, `http503`);
- a **beginning**, `UND_ERR_*`: every kind, code or name that begins so;
- **any other text**: the failures that bear exactly that kind, code or name, such as an exception of
  your own.

A failure may go by several words: its kind, the name of its class, the codes of each system. The first
of them that the vocabulary knows says of which kind it is, so that AWS's `ThrottlingException` with the
status 400 is `throttle` and not `invalid`. Of a name with a package (`java.net.ConnectException`,
`Errno::ECONNREFUSED`) the last part counts. HTTP statuses that are not listed are `invalid` from 400 and
`server` from 500 on; numbers from 1 to 16 are gRPC's. Upper and lower case differ. What no row knows is
`other`, and is retried unless a rule says otherwise.
";

const RETRY_AFTER: &str = "\
## How long a server asks to wait

Read from headers or metadata, whose names are read in any case; the first row that says something counts,
and of several values in one row the longest.

| header | read as |
|---|---|
| `grpc-retry-pushback-ms` | milliseconds; a negative number means no retry at all |
| `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` | milliseconds |
| `retry-after` | seconds, a date (IMF-fixdate, RFC 850, asctime, always in GMT; RFC 3339 with a zone), a duration like `1m30s` |
| `grpc-status-details-bin`, `retry-delay` | the `google.rpc.RetryInfo` in it, or its text form `3.5s` |
| `ratelimit` | `\"default\";r=0;t=30`, or `limit=100, remaining=0, reset=30` |
| `ratelimit-reset`, `x-ratelimit-reset`, `x-rate-limit-reset` | seconds to wait, or a time since 1970 in seconds or milliseconds, or a date |
| `x-ratelimit-reset-after` | seconds to wait |
| `x-ratelimit-reset-requests`, `anthropic-ratelimit-tokens-reset`, ... | a duration or a date |

The reset of a rate limit says when a window ends, not that this request has to wait. It counts only where
the answer is a refusal (429, 503, 403), or where nothing remains (`x-ratelimit-remaining: 0`, `r=0`).

What a policy makes of it is its `retryAfter`: `mode` says whether the wait is a floor under its own delay
(`atLeast`, the default), takes its place (`replace`), adds at most `max` to it (`clamp`) or is ignored
(`ignore`). A wait that is longer than `max` (five minutes) counts as `max` (`whenLonger: \"cap\"`, the
default), or ends the task with the reason `deadlineExceeded` (`whenLonger: \"giveUp\"`): then no retry
comes earlier than the server asked.
";

fn worth(kind: Kind) -> &'static str {
    match kind.worth() {
        Worth::Yes => "yes",
        Worth::IfRepeatable => "yes, if the work may be done twice",
        Worth::Later => "yes, later",
        Worth::No => "no",
    }
}

fn codes(kind: Kind, system: System) -> String {
    let rows = ROWS.iter().filter(|row| row.kind == kind && row.system == system);
    let code = |code: &&str| match GRPC.iter().position(|name| name == code) {
        Some(number) if system == System::Grpc => format!("`{code}` ({number})"),
        _ => format!("`{code}`"),
    };
    rows.flat_map(|row| row.codes).map(code).collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n## Kinds\n\n| kind | meaning | worth a retry |\n|---|---|---|\n";
    for &kind in Kind::ALL {
        writeln!(page, "| [{kind}](#{kind}) | {} | {} |", kind.meaning(), worth(kind)).unwrap();
    }
    page += "\n## Families\n\n| family | matches |\n|---|---|\n";
    for (name, meaning) in families() {
        writeln!(page, "| `{name}` | {meaning} |").unwrap();
    }
    page += "\n## Codes\n";
    for &kind in Kind::ALL {
        writeln!(
            page,
            "\n### {kind}\n\n{}; worth a retry: {}.",
            capital(kind.meaning()),
            worth(kind)
        )
        .unwrap();
        let systems: Vec<_> =
            System::ALL.iter().map(|system| (system, codes(kind, *system))).collect();
        if systems.iter().any(|(_, codes)| !codes.is_empty()) {
            page += "\n| system | codes |\n|---|---|\n";
        }
        for (system, codes) in systems.iter().filter(|(_, codes)| !codes.is_empty()) {
            writeln!(page, "| {} | {codes} |", system.title()).unwrap();
        }
        let prefixes = PREFIXES.iter().filter(|(_, of)| *of == kind);
        let prefixes: Vec<String> = prefixes.map(|(prefix, _)| format!("`{prefix}*`")).collect();
        if !prefixes.is_empty() {
            writeln!(page, "| beginnings | {} |", prefixes.join(", ")).unwrap();
        }
    }
    page + "\n" + RETRY_AFTER
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn golden_page_of_failures_is_made_from_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/FAILURES.md");
    // Not in the packed crate.
    if !path.parent().unwrap().exists() {
        return;
    }
    if env::var_os("REDRIVE_BLESS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/FAILURES.md is old: run `cargo xtask golden --bless`");
}

#[test]
fn every_row_is_on_the_page() {
    let page = page();
    let mut codes = ROWS.iter().flat_map(|row| row.codes);
    assert!(codes.all(|code| page.contains(&format!("`{code}`"))));
}
