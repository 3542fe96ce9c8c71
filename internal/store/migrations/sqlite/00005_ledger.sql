-- +goose Up

-- What a request was made for, empty where a client asked; and which log has its content: 0 is that of who serves, the others
-- are those of commands.
ALTER TABLE traces ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE traces ADD COLUMN log INTEGER NOT NULL DEFAULT 0;

-- Rows of clients' requests are not in it: they are most, and each index is paid for while they are served.
CREATE INDEX traces_by_purpose ON traces (tenant, purpose, start) WHERE purpose <> '';

-- Up to where each log has been imported; written in the transaction that adds the rows.
CREATE TABLE imports (
	log     INTEGER PRIMARY KEY,
	segment INTEGER NOT NULL,
	place   INTEGER NOT NULL
) STRICT;
INSERT INTO imports SELECT 0, segment, place FROM imported;
DROP TABLE imported;

-- +goose Down
CREATE TABLE imported (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	segment INTEGER NOT NULL,
	place   INTEGER NOT NULL
) STRICT;
INSERT INTO imported SELECT 1, segment, place FROM imports WHERE log = 0;
DROP TABLE imports;
DELETE FROM traces WHERE purpose <> '' OR log <> 0;
DROP INDEX traces_by_purpose;
ALTER TABLE traces DROP COLUMN log;
ALTER TABLE traces DROP COLUMN purpose;
