use redrive::RetryPolicy;

/// Reads it with serde_json.
pub fn policy() -> serde_json::Result<RetryPolicy> {
    serde_json::from_str(POLICY)
}

const POLICY: &str = r#"{
  "version": 1,
  "backoff": {
    "kind": "polynomial",
    "initial": "1.5s",
    "power": 2.5,
    "offset": "7ns",
    "firstDelay": "25ms"
  },
  "minDelay": "10ms",
  "maxDelay": "1m30s",
  "jitter": { "kind": "symmetric", "factor": 0.25 },
  "maxAttempts": null,
  "maxElapsed": "10m",
  "elapsedRule": "stopIfWouldExceed",
  "attemptTimeout": "5s",
  "retryAfter": {
    "mode": "atLeast",
    "max": "5m",
    "jitter": { "kind": "proportional", "factor": 0.1 }
  },
  "classify": [
    {
      "match": ["throttle", "429"],
      "action": "retry",
      "backoff": { "kind": "exponential", "initial": "1s", "multiplier": 2 }
    },
    {
      "match": ["invalid", "auth", "missing", "unsupported", "cancelled"],
      "action": "deadLetter"
    }
  ],
  "defaultAction": "retry",
  "budget": { "kind": "ratio", "percent": 20, "minPerSecond": 10, "window": "10s" }
}
"#;
