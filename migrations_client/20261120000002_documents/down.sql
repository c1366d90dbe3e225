DROP TABLE access_codes;
DROP TABLE documents;
