-- No data key number of a tenant is ever used twice, also when it was deleted and
-- begins anew. The same bytes in every role's folder.

ALTER TABLE tenants ADD COLUMN keys_made integer NOT NULL DEFAULT 0 CHECK (keys_made >= 0);
UPDATE tenants t SET keys_made =
  greatest(1, (SELECT max(k.id) FROM tenant_keys k WHERE k.tenant_id = t.tenant_id));
COMMENT ON COLUMN tenants.keys_made IS 'Highest number that a data key of this tenant ever had.';
