//! The one table: what each system calls a failure, by kind.
//!
//! To add a code, put it into the row of its kind and system; the documentation page, the lookup and
//! the table of the npm package follow. A code is in the table once.

use super::{
    Kind::{self, *},
    System::{self, *},
};

/// What one system calls failures of one kind.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The kind.
    pub kind: Kind,
    /// The system.
    pub system: System,
    /// Its codes, as it writes them.
    pub codes: &'static [&'static str],
}

const fn row(kind: Kind, system: System, codes: &'static [&'static str]) -> Row {
    Row { kind, system, codes }
}

/// Every row, in the order of kinds.
///
/// Sources: RFC 9110 and IANA's registry (HTTP); grpc/statuscodes.md; POSIX, libuv and the resolver;
/// undici's and Node's error codes; botocore's retry handlers and the AWS error references; the appendix
/// of PostgreSQL; Envoy's `x-envoy-retry-on`; the Amazon States Language; the standard libraries of
/// Python, Java, .NET, Ruby, Rust and JavaScript and their common HTTP clients.
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    row(Connection, Http, &["421"]),
    row(Connection, Errno, &[
        "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_NONAME", "EAI_FAIL", "EHOSTUNREACH",
        "EHOSTDOWN", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL",
    ]),
    row(Connection, Node, &[
        "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "EPROTO", "ERR_NETWORK",
        "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "ERR_NAME_NOT_RESOLVED",
        "NGHTTP2_REFUSED_STREAM",
    ]),
    row(Connection, Aws, &["Lambda.SdkClientException", "EndpointConnectionError"]),
    row(Connection, Sql, &["08001", "08004", "P1001"]),
    row(Connection, Envoy, &[
        "connect-failure", "refused-stream", "reset-before-request", "http3-post-connect-failure",
    ]),
    row(Connection, Exception, &[
        "ConnectionRefusedError", "ConnectionError", "ConnectError", "ConnectException",
        "HttpHostConnectException", "UnknownHostException", "NoRouteToHostException", "NewConnectionError",
        "NameResolutionError", "gaierror", "SSLError", "SSLHandshakeException", "ConnectionRefused",
        "HostUnreachable", "NetworkUnreachable", "ConnectionFailed", "NetworkError", "NetworkingError",
        "ClientConnectorError", "MongoNetworkError",
    ]),
    row(Reset, Errno, &["ECONNRESET", "EPIPE", "ENOTCONN", "ESHUTDOWN", "ENETRESET"]),
    row(Reset, Node, &[
        "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE", "ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_SESSION_ERROR",
        "ERR_HTTP2_GOAWAY_SESSION", "ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED",
    ]),
    row(Reset, Sql, &["08000", "08003", "08006", "08007", "P1017", "PROTOCOL_CONNECTION_LOST"]),
    row(Reset, Exception, &[
        "ConnectionResetError", "ConnectionAbortedError", "ConnectionClosedError", "BrokenPipeError",
        "RemoteDisconnected", "ServerDisconnectedError", "IncompleteRead", "ChunkedEncodingError",
        "ProtocolError", "RemoteProtocolError", "ReadError", "WriteError", "ClientPayloadError", "EOFError",
        "EOFException", "SocketException", "NoHttpResponseException", "ClosedChannelException",
        "ConnectionReset", "ConnectionAborted", "BrokenPipe", "UnexpectedEof",
    ]),
    row(Timeout, Http, &["408", "504", "522", "524", "598", "599"]),
    row(Timeout, Grpc, &["DEADLINE_EXCEEDED"]),
    row(Timeout, Errno, &["ETIMEDOUT", "ETIME", "ESOCKETTIMEDOUT", "ECONNABORTED"]),
    row(Timeout, Node, &[
        "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT",
        "ERR_SOCKET_CONNECTION_TIMEOUT", "ERR_HTTP_REQUEST_TIMEOUT", "ERR_TIMED_OUT",
        "ERR_CONNECTION_TIMED_OUT",
    ]),
    row(Timeout, Aws, &["RequestTimeout", "RequestTimeoutException", "Sandbox.Timedout"]),
    row(Timeout, StepFunctions, &["States.Timeout", "States.HeartbeatTimeout"]),
    row(Timeout, Sql, &["57014", "25P03", "P1002", "P1008", "P2024", "ER_QUERY_TIMEOUT"]),
    row(Timeout, Exception, &[
        "TimeoutError", "Timeout", "TimeoutException", "TimedOut", "SocketTimeoutException",
        "HttpTimeoutException", "ConnectTimeoutException", "ReadTimeoutException", "ConnectTimeout",
        "ReadTimeout", "WriteTimeout", "PoolTimeout", "OpenTimeout", "ConnectTimeoutError",
        "ReadTimeoutError", "ServerTimeoutError", "HeadersTimeoutError", "BodyTimeoutError",
        "DeadlineExceeded", "SoftTimeLimitExceeded", "TimeLimitExceeded", "TimeoutRejectedException",
    ]),
    row(Throttle, Http, &["420", "429", "509"]),
    row(Throttle, Grpc, &["RESOURCE_EXHAUSTED"]),
    row(Throttle, Aws, &[
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
        "RequestThrottledException", "EC2ThrottledException", "TooManyRequestsException",
        "ProvisionedThroughputExceededException", "TransactionInProgressException", "RequestLimitExceeded",
        "BandwidthLimitExceeded", "LimitExceededException", "PriorRequestNotComplete", "SlowDown",
        "Lambda.TooManyRequestsException",
    ]),
    row(Throttle, Envoy, &["envoy-ratelimited"]),
    row(Throttle, Exception, &[
        "RateLimitError", "RateLimitException", "RateLimitExceeded", "RateLimitedError",
        "RateLimitRejectedException", "TooManyRequests", "TooManyRequestsError", "ResourceExhausted",
        "RequestNotPermitted",
    ]),
    row(Throttle, Redrive, &["clientThrottle", "ETHROTTLE"]),
    row(Unavailable, Http, &["425", "503", "521", "523", "529"]),
    row(Unavailable, Grpc, &["UNAVAILABLE"]),
    row(Unavailable, Errno, &["EAGAIN", "EBUSY", "ENOBUFS", "EMFILE", "ENFILE"]),
    row(Unavailable, Aws, &["ServiceUnavailable", "ServiceUnavailableException", "ServerBusy"]),
    row(Unavailable, Sql, &[
        "53000", "53100", "53200", "53300", "53400", "57P01", "57P02", "57P03", "25006",
        "ER_CON_COUNT_ERROR",
    ]),
    row(Unavailable, Exception, &[
        "ServiceUnavailableError", "OverloadedError", "Unavailable", "CallNotPermittedException",
        "BrokenCircuitException", "BrokenCircuitError", "CircuitBreakerError", "BulkheadFullException",
        "BulkheadRejectedError", "RejectedExecutionException",
    ]),
    row(Unavailable, Redrive, &["overloaded", "breaker", "EBREAKER"]),
    row(Server, Http, &["500", "502", "520"]),
    row(Server, Grpc, &["INTERNAL", "UNKNOWN", "DATA_LOSS"]),
    row(Server, Errno, &["EIO"]),
    row(Server, Node, &["ERR_BAD_RESPONSE"]),
    row(Server, Aws, &[
        "InternalFailure", "InternalError", "InternalServerError", "InternalServerException",
        "InternalServiceError", "InternalServiceException", "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
    ]),
    row(Server, StepFunctions, &[
        "States.TaskFailed", "States.BranchFailed", "States.ResultWriterFailed",
        "States.ExceedToleratedFailureThreshold",
    ]),
    row(Server, Sql, &["58000", "58030", "XX000", "XX001", "XX002"]),
    row(Server, Redrive, &["downstream"]),
    row(Conflict, Http, &["409", "412", "423"]),
    row(Conflict, Grpc, &["ABORTED"]),
    row(Conflict, Aws, &[
        "ConflictException", "ConcurrentModificationException", "TransactionConflictException",
        "TransactionCanceledException", "ConditionalCheckFailedException", "OperationAborted",
    ]),
    row(Conflict, Sql, &[
        "40000", "40001", "40003", "40P01", "55P03", "P2034", "ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT",
        "SQLITE_BUSY", "SQLITE_LOCKED",
    ]),
    row(Conflict, Exception, &[
        "OptimisticLockException", "StaleObjectStateException", "StaleObjectError", "ConcurrencyException",
        "DbUpdateConcurrencyException", "DeadlockLoserDataAccessException", "CannotAcquireLockException",
        "SerializationFailure", "DeadlockDetected", "Deadlocked",
    ]),
    row(Invalid, Http, &["400", "413", "422"]),
    row(Invalid, Grpc, &["INVALID_ARGUMENT", "OUT_OF_RANGE", "FAILED_PRECONDITION", "ALREADY_EXISTS"]),
    row(Invalid, Errno, &["EINVAL", "ERANGE", "EMSGSIZE"]),
    row(Invalid, Node, &["ERR_BAD_REQUEST", "ERR_INVALID_URL", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE"]),
    row(Invalid, Aws, &[
        "ValidationException", "InvalidParameterValue", "InvalidParameterException",
        "InvalidParameterCombination", "InvalidRequestException", "MissingParameter", "MalformedQueryString",
        "BadRequestException", "SerializationException",
    ]),
    row(Invalid, StepFunctions, &[
        "States.DataLimitExceeded", "States.Runtime", "States.ParameterPathFailure",
        "States.ResultPathMatchFailure", "States.IntrinsicFailure", "States.NoChoiceMatched",
        "States.ItemReaderFailed", "States.QueryEvaluationError",
    ]),
    row(Invalid, Sql, &[
        "22000", "22001", "22003", "22007", "22008", "22012", "22023", "22P02", "23000", "23502", "23503",
        "23505", "23514", "42601", "42703", "P2002", "P2003",
    ]),
    row(Invalid, Exception, &[
        "ValueError", "ValidationError", "SyntaxError", "JSONDecodeError", "JsonProcessingException",
        "IllegalArgumentException", "ArgumentException", "ArgumentError", "BadRequest", "BadRequestError",
        "InvalidInput", "InvalidData", "ZodError",
    ]),
    row(Invalid, Redrive, &["poison"]),
    row(Auth, Http, &["401", "403", "407", "511"]),
    row(Auth, Grpc, &["UNAUTHENTICATED", "PERMISSION_DENIED"]),
    row(Auth, Errno, &["EACCES", "EPERM"]),
    row(Auth, Aws, &[
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "ExpiredToken",
        "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
        "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature",
        "MissingAuthenticationToken", "RequestExpired", "OptInRequired",
    ]),
    row(Auth, StepFunctions, &["States.Permissions"]),
    row(Auth, Sql, &["28000", "28P01", "42501"]),
    row(Auth, Exception, &[
        "PermissionError", "PermissionDenied", "PermissionDeniedError", "Unauthorized", "Forbidden",
        "AuthenticationError", "AuthorizationError", "AuthenticationException",
        "UnauthorizedAccessException",
    ]),
    row(Missing, Http, &["404", "410"]),
    row(Missing, Grpc, &["NOT_FOUND"]),
    row(Missing, Errno, &["ENOENT"]),
    row(Missing, Aws, &[
        "ResourceNotFoundException", "NotFoundException", "NoSuchKey", "NoSuchBucket", "NoSuchEntity",
        "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
    ]),
    row(Missing, Sql, &["3D000", "42P01", "P2025"]),
    row(Missing, Exception, &[
        "FileNotFoundError", "FileNotFoundException", "NotFound", "NotFoundError", "RecordNotFound",
        "DoesNotExist", "EntityNotFoundException",
    ]),
    row(Unsupported, Http, &["405", "501", "505"]),
    row(Unsupported, Grpc, &["UNIMPLEMENTED"]),
    row(Unsupported, Errno, &["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT"]),
    row(Unsupported, Aws, &["UnsupportedOperation", "UnknownOperationException"]),
    row(Unsupported, Sql, &["0A000"]),
    row(Unsupported, Exception, &[
        "NotImplementedError", "NotImplementedException", "NotSupportedException", "NotSupportedError",
        "UnsupportedOperationException", "MethodNotAllowed", "Unsupported",
    ]),
    row(Cancelled, Http, &["499"]),
    row(Cancelled, Grpc, &["CANCELLED"]),
    row(Cancelled, Errno, &["ECANCELED"]),
    row(Cancelled, Node, &["ABORT_ERR", "ERR_CANCELED", "UND_ERR_ABORTED"]),
    row(Cancelled, Exception, &[
        "AbortError", "CancelledError", "CanceledError", "CancellationException",
        "OperationCanceledException", "TaskCanceledException", "InterruptedException",
    ]),
    row(Crashed, Aws, &["Lambda.Unknown", "Runtime.ExitError"]),
    row(Crashed, Exception, &[
        "WorkerLostError", "BrokenProcessPool", "OutOfMemoryError", "MemoryError", "OOMKilled", "SIGKILL",
        "SIGSEGV",
    ]),
];

/// Beginnings of codes that need not be listed one by one.
pub static PREFIXES: &[(&str, Kind)] = &[
    ("CERT_", Connection),
    ("ERR_TLS_", Connection),
    ("ERR_SSL_", Connection),
    ("ERR_CERT_", Connection),
];

/// The names of the gRPC codes, by number.
pub static GRPC: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
