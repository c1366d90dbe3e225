DROP TABLE document_receipts;
