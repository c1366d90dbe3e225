//! Tables of the client role, as `migrations_client` makes them.

diesel::table! {
    documents (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        version -> Int4,
        title -> Text,
        content -> Text,
        content_type -> Text,
        recipient -> Nullable<Jsonb>,
        metadata -> Nullable<Jsonb>,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    access_codes (tenant_id, document_id) {
        tenant_id -> Text,
        document_id -> Uuid,
        key_id -> Text,
        selector_hash -> Bytea,
        verifier_salt -> Bytea,
        verifier_hash -> Bytea,
        sealed_code -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(documents, access_codes);
