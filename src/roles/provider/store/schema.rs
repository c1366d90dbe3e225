//! Tables of the provider role, as `migrations_provider` makes them.

diesel::table! {
    documents (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        title -> Bytea,
        content -> Bytea,
        content_type -> Text,
        recipient -> Nullable<Bytea>,
        metadata -> Nullable<Bytea>,
        expires_in -> Nullable<Int8>,
        second_factor -> Text,
        status -> Text,
        version -> Int4,
        sent_version -> Nullable<Int4>,
        sequence -> Int8,
        generation -> Int4,
        operation -> Nullable<Text>,
        sent_sequence -> Nullable<Int8>,
        delivered_version -> Nullable<Int4>,
        access_code -> Nullable<Bytea>,
        link -> Nullable<Bytea>,
        expires_at -> Nullable<Timestamptz>,
        delivery_state -> Text,
        delivery_attempts -> Int4,
        next_attempt_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        delivered_at -> Nullable<Timestamptz>,
        opened_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
        purge_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    document_events (tenant_id, document_id, position) {
        tenant_id -> Text,
        document_id -> Uuid,
        position -> Int8,
        txid -> Int8,
        id -> Uuid,
        kind -> Text,
        at -> Timestamptz,
        version -> Nullable<Int4>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    document_receipts (tenant_id, id) {
        tenant_id -> Text,
        document_id -> Uuid,
        id -> Uuid,
        outcome -> Text,
        version -> Nullable<Int4>,
        at -> Timestamptz,
        jws -> Bytea,
    }
}

diesel::table! {
    code_reserve (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        sealed -> Bytea,
        expires_at -> Timestamptz,
        place -> Nullable<Text>,
    }
}

diesel::table! {
    client_accounts (tenant_id) {
        tenant_id -> Text,
        receipts_cursor -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_endpoints (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        url -> Text,
        description -> Nullable<Text>,
        events -> Array<Text>,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        secrets -> Bytea,
        cursor_txid -> Int8,
        cursor_position -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    document_templates (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        name -> Bytea,
        title -> Bytea,
        content -> Bytea,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    senders (tenant_id) {
        tenant_id -> Text,
        version -> Int4,
        sequence -> Int8,
        profile -> Bytea,
        logo -> Nullable<Bytea>,
        updated_at -> Timestamptz,
    }
}
