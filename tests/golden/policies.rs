//! The policies whose delays are frozen, in their wire format.

/// Curves that depend on the number of the retry alone.
const CURVES: [&str; 10] = [
    r#"{"kind":"constant","delay":"750ms"}"#,
    r#"{"kind":"constant","delay":"0s"}"#,
    r#"{"kind":"linear","initial":"500ms","increment":"250ms"}"#,
    r#"{"kind":"exponential","initial":"1s","multiplier":2}"#,
    r#"{"kind":"exponential","initial":"100ms","multiplier":1.5,"firstDelay":"220ms"}"#,
    r#"{"kind":"exponential","initial":"3s","multiplier":1}"#,
    r#"{"kind":"polynomial","initial":"1s","power":4,"offset":"15s"}"#,
    r#"{"kind":"polynomial","initial":"250ms","power":1.7,"offset":"0s"}"#,
    r#"{"kind":"fibonacci","initial":"300ms"}"#,
    r#"{"kind":"table","delays":["1s","5s","30s","10s"]}"#,
];

const JITTERS: [&str; 7] = [
    r#""none""#,
    r#""full""#,
    r#""equal""#,
    r#"{"kind":"proportional","factor":0.1}"#,
    r#"{"kind":"symmetric","factor":0.2}"#,
    r#"{"kind":"subtractive","factor":0.5}"#,
    r#"{"kind":"uniform","low":{"factor":0.5,"add":"10ms"},"high":{"factor":1,"add":"15ms","addPerRetry":"20ms"}}"#,
];

const STAGES: [&str; 5] = ["fit", "before", "after", "both", "clip"];

/// Every curve with every jitter at every stage of a cap that most curves reach.
pub(crate) fn grid() -> Vec<String> {
    let mut policies = Vec::new();
    for curve in CURVES {
        for jitter in JITTERS {
            for stage in STAGES {
                let least = if policies.len() % 3 == 0 { r#""minDelay":"200ms","# } else { "" };
                policies.push(format!(
                    r#"{{"backoff":{curve},"jitter":{jitter},{least}"maxDelay":"20s","compat":{{"capStage":"{stage}"}}}}"#
                ));
            }
        }
    }
    policies
}

/// The quirks of other systems and the ends of every range.
pub(crate) const QUIRKS: [&str; 26] = [
    r#"{}"#,
    r#"{"backoff":{"kind":"exponential","initial":"2s","multiplier":3.3}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1ms","multiplier":1.5},"jitter":"none","compat":{"rounding":{"unit":"1ms","mode":"floor","eachStep":true}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1ms","multiplier":1.5},"jitter":"full","compat":{"rounding":{"unit":"1ms","mode":"floor","eachStep":false}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"333ms","multiplier":1.7},"jitter":"full","compat":{"rounding":{"unit":"1s","mode":"nearest","eachStep":false}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"333ms","multiplier":1.7},"jitter":"equal","maxDelay":"10s","compat":{"rounding":{"unit":"1s","mode":"ceil","eachStep":false}}}"#,
    r#"{"backoff":{"kind":"linear","initial":"333ms","increment":"777ms"},"jitter":{"kind":"symmetric","factor":1},"compat":{"rounding":{"unit":"10ms","mode":"nearest","eachStep":true}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":"full","maxDelay":"30s","compat":{"resampleAbove":{"low":0.5,"high":1}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":{"kind":"proportional","factor":10},"maxDelay":"1h","compat":{"capStage":"after"}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1ns","multiplier":1000},"jitter":"full"}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1ns","multiplier":1.0000001},"jitter":"equal"}"#,
    r#"{"backoff":{"kind":"exponential","initial":"18446744073709551615ns","multiplier":1000},"jitter":{"kind":"proportional","factor":10}}"#,
    r#"{"backoff":{"kind":"constant","delay":"18446744073709551615ns"},"jitter":{"kind":"symmetric","factor":1}}"#,
    r#"{"backoff":{"kind":"linear","initial":"0s","increment":"18446744073709551615ns"},"jitter":"full"}"#,
    r#"{"backoff":{"kind":"polynomial","initial":"18446744073709551615ns","power":10,"offset":"1s"},"jitter":"equal"}"#,
    r#"{"backoff":{"kind":"polynomial","initial":"1ns","power":0.5,"offset":"0s"},"jitter":"none"}"#,
    r#"{"backoff":{"kind":"fibonacci","initial":"18446744073709551615ns"},"jitter":"full"}"#,
    r#"{"backoff":{"kind":"table","delays":["0s","18446744073709551615ns"]},"jitter":{"kind":"uniform","low":{"factor":0},"high":{"factor":100,"add":"18446744073709551615ns","addPerRetry":"18446744073709551615ns"}}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":"full","minDelay":"5s","maxDelay":"5s"}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":"full","maxDelay":"0s"}"#,
    r#"{"backoff":{"kind":"decorrelatedV2","initial":"1s"},"maxDelay":"20s"}"#,
    r#"{"backoff":{"kind":"decorrelatedV2","initial":"35ms","firstDelay":"0s"}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"5s","multiplier":2},"jitter":"proportional","maxDelay":"2s","compat":{"capStage":"before","uncappedFirst":true}}"#,
    r#"{"backoff":{"kind":"linear","initial":"9s","increment":"2s"},"jitter":"full","compat":{"falling":true}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":2},"jitter":{"kind":"uniform","low":{"factor":1},"high":{"factor":4}},"maxDelay":"30s","compat":{"capStage":"before","jitterOnce":true,"jitterSteps":3}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":1.5},"jitter":{"kind":"symmetric","factor":0.2},"minDelay":"1s","maxDelay":"10s","compat":{"capStage":"clip","rounding":{"unit":"1ms","mode":"floor","eachStep":true,"amplitude":true}}}"#,
];

/// Policies whose delays depend on the ones before.
pub(crate) const WALKS: [&str; 8] = [
    r#"{"backoff":{"kind":"decorrelated","initial":"1s","multiplier":3},"maxDelay":"60s"}"#,
    r#"{"backoff":{"kind":"decorrelated","initial":"1s","multiplier":3},"maxDelay":"60s","compat":{"capStage":"after"}}"#,
    r#"{"backoff":{"kind":"decorrelated","initial":"10ms","multiplier":1.2,"firstDelay":"1s"},"minDelay":"50ms","maxDelay":"2s"}"#,
    r#"{"backoff":{"kind":"decorrelated","initial":"1s","multiplier":1000}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":1.6},"jitter":{"kind":"symmetric","factor":0.2},"maxDelay":"120s","compat":{"feedback":true}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"1s","multiplier":1.6},"jitter":{"kind":"symmetric","factor":0.2},"maxDelay":"120s","compat":{"capStage":"before","feedback":true}}"#,
    r#"{"backoff":{"kind":"exponential","initial":"10ms","multiplier":5},"jitter":{"kind":"proportional","factor":0.1},"compat":{"feedback":true,"rounding":{"unit":"1ms","mode":"ceil","eachStep":true}}}"#,
    r#"{"backoff":{"kind":"linear","initial":"1s","increment":"1s"},"jitter":"equal","maxDelay":"30s","compat":{"feedback":true}}"#,
];
