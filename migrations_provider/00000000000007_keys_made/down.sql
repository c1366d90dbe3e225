ALTER TABLE tenants DROP COLUMN keys_made;
