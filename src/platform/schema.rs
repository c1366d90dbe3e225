//! Tables of the platform, as `migrations_*/00000000000001_platform` makes them.

diesel::table! {
    outbox (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        topic -> Text,
        subject_id -> Uuid,
        version -> Int4,
        payload -> Nullable<Bytea>,
        state -> Text,
        attempts -> Int4,
        due_at -> Timestamptz,
        leased_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}
