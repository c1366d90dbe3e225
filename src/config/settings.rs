//! The table of settings. `--help`, `.env.example`, `oc config` and the checks
//! at start all come from here.

use super::setting::{Default, Setting, of_client, of_provider, setting};

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        secret: true,
        ..setting(
            "DATABASE_URL",
            Default::None,
            "Where the role's own database is: postgres://user:password@host/name",
        )
    },
    setting("AUTH", Default::None, "How requests are authenticated: none (loopback only) or jwt"),
    Setting {
        secret: true,
        ..setting(
            "JWT_SECRET",
            Default::None,
            "Secret of tokens that are signed with HS256, at least 32 bytes",
        )
    },
    setting("JWT_JWKS_URL", Default::None, "Where the keys are of tokens signed with RS256, ES256 or EdDSA"),
    setting("JWT_ISSUER", Default::None, "What a token must say in iss"),
    setting("JWT_AUDIENCE", Default::None, "What a token must say in aud"),
    setting("JWT_LEEWAY_SECONDS", Default::Is("30"), "How far the clock of whoever makes tokens may be off"),
    setting(
        "JWT_JWKS_TTL_SECONDS",
        Default::Is("600"),
        "How long fetched keys are trusted; they are fetched anew after half of it",
    ),
    setting(
        "JWT_JWKS_REFETCH_SECONDS",
        Default::Is("10"),
        "Shortest pause between two fetches of the keys, however many unknown ones are named",
    ),
    Setting {
        secret: true,
        ..setting(
            "SERVICE_TOKEN_SECRET",
            Default::None,
            "Secret of the tokens that the provider role shows to the client role, the same for both; a comma-separated list: the first makes, all check",
        )
    },
    setting("HOST", Default::Is("127.0.0.1"), "Address to listen on"),
    setting("PORT", Default::PerRole("3001", "3000"), "Port to listen on; 0 takes a free one"),
    setting("HTTP_WORKERS", Default::Processors, "Threads that answer requests"),
    setting("MAX_BODY_BYTES", Default::Is("2097152"), "Largest request body, in bytes"),
    setting("MAX_URI_BYTES", Default::Is("8192"), "Longest path and query of a request, in bytes"),
    setting("MAX_HEADER_BYTES", Default::Is("32768"), "Largest sum of a request's headers, in bytes"),
    setting(
        "HEADER_TIMEOUT_MS",
        Default::Is("5000"),
        "Longest time for the head of a connection's first request to arrive",
    ),
    setting("KEEP_ALIVE_SECONDS", Default::Is("5"), "How long a connection may rest between two requests"),
    setting("MAX_CONNECTIONS", Default::Is("10000"), "Connections that each thread holds; others wait"),
    setting(
        "TRUSTED_PROXIES",
        Default::None,
        "Addresses or networks of proxies whose X-Forwarded-For or Forwarded is believed, separated by commas",
    ),
    setting(
        "CORS_ORIGINS",
        Default::None,
        "Origins whose pages may call the API from a browser, such as https://app.example.org, separated by commas",
    ),
    setting(
        "METRICS_PORT",
        Default::None,
        "Port on HOST for scrapers alone: /metrics without a token, /livez and /readyz; 0 takes a free one",
    ),
    setting(
        "LOG_FORMAT",
        Default::Is("auto"),
        "How log lines look: text, json, or auto for text in a terminal and JSON elsewhere",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Default::None,
        "Where traces go (OTLP over HTTP), such as http://alloy.monitoring:4318; unset, nothing is traced",
    ),
    Setting {
        secret: true,
        ..setting(
            "OTEL_EXPORTER_OTLP_HEADERS",
            Default::None,
            "Headers that go with traces, name=value, separated by commas",
        )
    },
    setting(
        "OTEL_TRACES_SAMPLER_ARG",
        Default::Is("1"),
        "Part of the traces that begin here and are kept, from 0 to 1; who calls may have decided already",
    ),
    setting("OTEL_SERVICE_NAME", Default::None, "Name in traces; oc-provider or oc-client where it is unset"),
    setting("TLS_CERT_FILE", Default::None, "Certificate chain (PEM); with it the server speaks HTTPS only"),
    setting("TLS_KEY_FILE", Default::None, "Key of the certificate (PEM)"),
    setting(
        "RATE_TENANT_PER_MINUTE",
        Default::PerRole("6000", "0"),
        "Requests of a tenant to each route, in a minute; 0 is no limit",
    ),
    setting(
        "RATE_ADDRESS_PER_MINUTE",
        Default::Is("300"),
        "Requests of an address to what is public, or without a good token, in a minute; 0 is no limit",
    ),
    Setting {
        secret: true,
        ..setting(
            "REDIS_URL",
            Default::None,
            "Redis in which processes share their limits: redis://:password@host:6379; without it each process limits by itself",
        )
    },
    setting(
        "SHUTDOWN_DRAIN_MS",
        Default::Is("0"),
        "Time between 'not ready' and the end of listening, for a load balancer to notice",
    ),
    setting(
        "SHUTDOWN_TIMEOUT_SECONDS",
        Default::Is("20"),
        "Longest wait for requests in flight when stopping",
    ),
    setting(
        "DATABASE_POOL_SIZE",
        Default::Is("16"),
        "Largest number of database connections of this process",
    ),
    setting(
        "DATABASE_POOL_WAIT_MS",
        Default::Is("1000"),
        "Longest wait for a free connection before a request is answered 503",
    ),
    setting(
        "DATABASE_CONNECT_TIMEOUT_SECONDS",
        Default::Is("2"),
        "Longest wait for a new connection, at least 2",
    ),
    setting("DATABASE_STATEMENT_TIMEOUT_MS", Default::Is("5000"), "Longest run of one SQL statement"),
    setting("DATABASE_LOCK_TIMEOUT_MS", Default::Is("2000"), "Longest wait of one SQL statement for a lock"),
    setting(
        "HOUSEKEEPING_SECONDS",
        Default::Is("60"),
        "Pause between two rounds of removing what is over: expired access, delivered messages, old keys",
    ),
    setting(
        "IDEMPOTENCY_RETENTION_SECONDS",
        Default::Is("259200"),
        "How long an Idempotency-Key and its answer are remembered",
    ),
    setting(
        "AUDIT_READS",
        Default::Is("true"),
        "Whether the audit trail also tells who read what: true or false",
    ),
    setting(
        "AUDIT_CHAIN_MS",
        Default::Is("1000"),
        "Pause between two rounds of chaining new entries of the audit trail",
    ),
    setting("AUDIT_RETENTION_DAYS", Default::Is("3650"), "How long entries of the audit trail are kept"),
    Setting {
        role: Some("provider"),
        ..setting(
            "CLIENT_BASE_URL",
            Default::Is("http://127.0.0.1:3000/api/"),
            "API of the client role as the provider role reaches it; v1/documents is appended",
        )
    },
    of_provider(
        "CLIENT_BASE_URL_INSECURE",
        "false",
        "Whether CLIENT_BASE_URL may be http to any host while AUTH is jwt: true or false",
    ),
    Setting {
        role: Some("client"),
        ..setting(
            "CLIENT_PUBLIC_URL",
            Default::Is("http://127.0.0.1:3000"),
            "Base of the links that people get",
        )
    },
    setting("SENDER_NAME", Default::None, "Name of the practice, as recipients know it"),
    setting("SENDER_LOGO", Default::None, "Path of its logo on the pages: SVG or PNG, at most 100 kB"),
    Setting {
        role: Some("provider"),
        ..setting(
            "SENDER_ADDRESS",
            Default::None,
            "Its address on letters, up to six lines, separated by commas",
        )
    },
    setting("SENDER_PHONE", Default::None, "Telephone number of the practice, for recipients who need help"),
    setting("SENDER_HOURS", Default::None, "When the practice can be reached, such as Mo-Fr 08:00-17:00"),
    setting(
        "SENDER_COLOUR",
        Default::None,
        "Colour of the practice on the pages, such as #0f5e5a; it has to be readable on white",
    ),
    Setting {
        role: Some("provider"),
        ..setting(
            "OIDC_CLIENT_ID",
            Default::None,
            "Name of the workspace at the identity provider of JWT_ISSUER",
        )
    },
    Setting {
        role: Some("provider"),
        secret: true,
        ..setting("OIDC_CLIENT_SECRET", Default::None, "Its secret there, if it has one")
    },
    Setting {
        role: Some("provider"),
        ..setting(
            "OIDC_REDIRECT_URL",
            Default::None,
            "Where people come back to, the workspace's own /sign-in/return",
        )
    },
    of_provider(
        "OIDC_SCOPES",
        "openid documents:read documents:write documents:send",
        "What the identity provider is asked for",
    ),
    of_provider(
        "WORKSPACE_SESSION_SECONDS",
        "28800",
        "How long somebody stays signed in at the pages at most",
    ),
    of_provider(
        "SEND_TIMEOUT_MS",
        "2000",
        "Longest wait for the client role before a sending is answered 202 and goes on by itself",
    ),
    of_provider("DELIVERY_TIMEOUT_MS", "10000", "Longest wait for the answer to one attempt"),
    of_provider(
        "DELIVERY_CONCURRENCY",
        "64",
        "Attempts of this process that may be under way at one destination",
    ),
    of_provider("OUTBOX_POLL_MS", "5000", "Longest pause between two looks for messages that are due"),
    of_provider(
        "RETRY_FIRST_MS",
        "1000",
        "Pause after the first failed attempt, doubled after each further one",
    ),
    of_provider("RETRY_MAX_MS", "300000", "Longest pause between two attempts"),
    of_provider(
        "RETRY_AFTER_MAX_MS",
        "3600000",
        "Longest pause that a Retry-After of the receiver may ask for",
    ),
    of_provider("OUTBOX_MAX_AGE_SECONDS", "604800", "How long a message is attempted before it has failed"),
    of_provider(
        "OUTBOX_RETENTION_SECONDS",
        "604800",
        "How long a delivered message and its attempts are kept",
    ),
    of_provider("BREAKER_FAILURES", "5", "Failures in a row after which a destination gets a rest"),
    of_provider("BREAKER_OPEN_MS", "5000", "How long a destination rests before one message tries it again"),
    of_provider(
        "CODE_RESERVE_SIZE",
        "500",
        "Access codes held for each tenant, for sendings while the client role is away; 0 holds none",
    ),
    of_provider(
        "CODE_RESERVE_REFILL_MS",
        "10000",
        "Longest pause between two looks at the reserves of codes",
    ),
    of_provider(
        "EVENTS_POLL_MS",
        "2000",
        "Pause between two looks for events that webhooks are to be told about",
    ),
    of_provider("RECEIPTS_POLL_MS", "5000", "Pause between two questions for receipts"),
    of_provider(
        "DOCUMENT_RETENTION_SECONDS",
        "2592000",
        "How long a document that was sent is kept after its deletion",
    ),
    setting("ACCESS_CODE_DAYS", Default::Is("30"), "Life of an access where nobody says otherwise, in days"),
    of_client("ACCESS_CODE_LENGTH", "12", "Symbols of a new access code: 12 or 14"),
    of_client(
        "ACCESS_CODE_HASH",
        "fast",
        "How new access codes are hashed: fast, or strict, which costs 30 ms of a processor for each check",
    ),
    of_client("ACCESS_CODE_ATTEMPTS", "10", "Wrong tries after which a code is blocked for ever"),
    of_client("REFUSAL_FLOOR_MS", "250", "Time after which every refusal of a code is answered"),
    of_client(
        "CODE_RESERVATION_SECONDS",
        "2592000",
        "How long an access code that was handed out ahead of time waits for its document",
    ),
    of_client(
        "CONTENT_GRACE_SECONDS",
        "604800",
        "How long the text of a document is kept after its access has expired, so that the access can be extended",
    ),
    of_client(
        "RECEIPT_RETENTION_SECONDS",
        "34560000",
        "How long receipts, and what remains of ended documents, are kept",
    ),
    of_client(
        "WRONG_CODES_PER_CODE",
        "5",
        "Wrong guess of an address at one code that is followed by a wait of 30 s, doubled by each further one up to 30 min; 0 is no limit",
    ),
    of_client("WRONG_CODES_PER_ADDRESS", "20", "Wrong codes of an address in 10 minutes; 0 is no limit"),
    of_client("WRONG_CODES_PER_ADDRESS_DAY", "100", "Wrong codes of an address in a day; 0 is no limit"),
    of_client(
        "WRONG_CODES_PER_TENANT",
        "60",
        "Wrong codes for documents of a tenant, in a minute; 0 is no limit",
    ),
    of_client(
        "WRONG_CODES_PER_INSTANCE",
        "600",
        "Wrong codes of everybody together, in a minute; 0 is no limit",
    ),
    Setting {
        role: Some("client"),
        secret: true,
        ..setting(
            "SMTP_URL",
            Default::None,
            "Mail server that sends numbers to recipients: smtps://user:password@host, or smtp://… with STARTTLS",
        )
    },
    Setting {
        role: Some("client"),
        ..setting("MAIL_FROM", Default::None, "Whom these mails come from: Praxis <no-reply@example.ch>")
    },
    Setting {
        role: Some("client"),
        ..setting(
            "SMS_GATEWAY_URL",
            Default::None,
            "HTTP service that sends numbers to recipients by SMS, over https",
        )
    },
    Setting {
        role: Some("client"),
        secret: true,
        ..setting("SMS_GATEWAY_TOKEN", Default::None, "Token that is shown to it")
    },
    of_client("MESSAGE_TIMEOUT_MS", "8000", "Longest wait for the mail server or the SMS service"),
    Setting {
        role: Some("provider"),
        ..setting(
            "WEBHOOK_ALLOW_PRIVATE",
            Default::Is("false"),
            "Whether webhooks may lead into private networks and go over http: true or false",
        )
    },
    setting(
        "TENANT_PROVISIONING",
        Default::Is("auto"),
        "How tenants come to be: auto (whoever a request names is made) or manual (oc tenant create)",
    ),
    setting(
        "TENANT_CACHE_MS",
        Default::Is("5000"),
        "How long a process goes on with what it knows of a tenant, such as that it is not suspended",
    ),
    Setting {
        secret: true,
        ..setting(
            "FIELD_ENCRYPTION_KEY",
            Default::None,
            "Key that the data keys of the tenants are wrapped with: 32 random bytes in base64 (openssl rand -base64 32); a comma-separated list: the first encrypts, all decrypt",
        )
    },
    Setting {
        role: Some("client"),
        secret: true,
        ..setting(
            "ACCESS_CODE_KEY",
            Default::None,
            "Key that protects access codes: 32 random bytes in base64 (openssl rand -base64 32); a comma-separated list: the first makes, all check",
        )
    },
    Setting {
        role: Some("client"),
        secret: true,
        ..setting(
            "RECEIPT_SIGNING_KEY",
            Default::None,
            "Key that signs receipts, a seed of Ed25519: 32 random bytes in base64; a comma-separated list: the first signs, all verify; without it receipts are not signed",
        )
    },
];
