//! Tables of the client role, as `migrations_client` makes them.

diesel::table! {
    documents (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        sequence -> Int8,
        generation -> Int4,
        version -> Int4,
        title -> Nullable<Bytea>,
        content -> Nullable<Bytea>,
        content_type -> Text,
        recipient -> Nullable<Bytea>,
        metadata -> Nullable<Bytea>,
        second_factor -> Text,
        expires_at -> Timestamptz,
        opened_version -> Int4,
        revoked_at -> Nullable<Timestamptz>,
        expired_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        content_hash -> Nullable<Bytea>,
        trace_parent -> Nullable<Text>,
    }
}

diesel::table! {
    access_codes (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        document_id -> Nullable<Uuid>,
        key_id -> Text,
        selector_hash -> Bytea,
        verifier_salt -> Bytea,
        verifier_hash -> Bytea,
        work_factor -> Text,
        sealed_code -> Bytea,
        link_hash -> Nullable<Bytea>,
        sealed_link -> Nullable<Bytea>,
        failed_total -> Int4,
        failed_link -> Int4,
        expires_at -> Nullable<Timestamptz>,
        dead_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    receipts (tenant_id, txid, position) {
        tenant_id -> Text,
        txid -> Int8,
        position -> Int8,
        id -> Uuid,
        document_id -> Uuid,
        kind -> Text,
        version -> Nullable<Int4>,
        at -> Timestamptz,
        content_hash -> Nullable<Bytea>,
    }
}

diesel::table! {
    otp_tallies (tenant_id, code_id) {
        tenant_id -> Text,
        code_id -> Uuid,
        sent_at -> Array<Nullable<Timestamptz>>,
        refused_at -> Nullable<Timestamptz>,
        wrong_at -> Array<Nullable<Timestamptz>>,
        wrong_total -> Int4,
    }
}

diesel::table! {
    otps (tenant_id, session_id) {
        tenant_id -> Text,
        session_id -> Uuid,
        code_id -> Uuid,
        key_id -> Text,
        otp_hash -> Bytea,
        tries -> Int4,
        sent_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    ended_sessions (tenant_id, session_id) {
        tenant_id -> Text,
        session_id -> Uuid,
        forget_at -> Timestamptz,
    }
}

diesel::table! {
    senders (tenant_id) {
        tenant_id -> Text,
        sequence -> Int8,
        profile -> Bytea,
        logo -> Nullable<Bytea>,
        updated_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(documents, access_codes);
