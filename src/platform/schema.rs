//! Tables of the platform, as `migrations_*/0000000000000*` make them.

diesel::table! {
    outbox (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        topic -> Text,
        destination -> Text,
        subject_id -> Uuid,
        sequence -> Int8,
        payload -> Nullable<Bytea>,
        state -> Text,
        attempts -> Int4,
        due_at -> Timestamptz,
        leased_until -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        give_up_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
        trace_parent -> Nullable<Text>,
    }
}

diesel::table! {
    outbox_attempts (tenant_id, message_id, attempt) {
        tenant_id -> Text,
        message_id -> Uuid,
        attempt -> Int4,
        ended_at -> Timestamptz,
        duration_ms -> Int4,
        status -> Nullable<Int2>,
        error -> Nullable<Text>,
        answer -> Nullable<Bytea>,
    }
}

diesel::table! {
    idempotency_keys (tenant_id, key_hash) {
        tenant_id -> Text,
        key_hash -> Bytea,
        request -> Bytea,
        operation_id -> Uuid,
        locked_until -> Nullable<Timestamptz>,
        status -> Nullable<Int2>,
        answer -> Nullable<Bytea>,
        begun_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    tenants (tenant_id) {
        tenant_id -> Text,
        state -> Text,
        created_at -> Timestamptz,
        suspended_at -> Nullable<Timestamptz>,
        deleted_at -> Nullable<Timestamptz>,
        keys_made -> Int4,
    }
}

diesel::table! {
    audit_pending (tenant_id, txid, position) {
        tenant_id -> Text,
        txid -> Int8,
        position -> Int8,
        at -> Timestamptz,
        who -> Text,
        action -> Text,
        target -> Text,
        outcome -> Text,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        mark -> Nullable<Text>,
    }
}

diesel::table! {
    tenant_keys (tenant_id, id) {
        tenant_id -> Text,
        id -> Int4,
        master_key -> Text,
        wrapped -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    audit_log (tenant_id, seq) {
        tenant_id -> Text,
        seq -> Int8,
        at -> Timestamptz,
        who -> Text,
        action -> Text,
        target -> Text,
        outcome -> Text,
        times -> Int4,
        address -> Nullable<Text>,
        agent -> Nullable<Text>,
        mark -> Nullable<Text>,
        prev_hash -> Bytea,
        hash -> Bytea,
    }
}

diesel::table! {
    audit_chains (tenant_id) {
        tenant_id -> Text,
        start_seq -> Int8,
        start_hash -> Bytea,
        head_seq -> Int8,
        head_hash -> Bytea,
        key_id -> Text,
        seal -> Bytea,
        updated_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(tenants, tenant_keys);
