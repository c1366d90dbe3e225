//! Tables of the provider role, as `migrations_provider` makes them.

diesel::table! {
    documents (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        title -> Text,
        content -> Text,
        content_type -> Text,
        recipient -> Nullable<Jsonb>,
        metadata -> Nullable<Jsonb>,
        expires_in -> Nullable<Int8>,
        status -> Text,
        version -> Int4,
        sent_version -> Nullable<Int4>,
        access_code -> Nullable<Text>,
        link -> Nullable<Text>,
        expires_at -> Nullable<Timestamptz>,
        delivery_state -> Text,
        delivery_attempts -> Int4,
        next_attempt_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<Timestamptz>,
        opened_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
