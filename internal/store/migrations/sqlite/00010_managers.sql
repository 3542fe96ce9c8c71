-- +goose Up

-- Whether who has a key may end and resume runs over HTTP. Keys of before may not: they were given to clients.
ALTER TABLE keys ADD COLUMN manages INTEGER NOT NULL DEFAULT 0;

-- Refining is a run, which keeps what it has done in its journal.
DROP TABLE dataset_halts;

-- +goose Down
CREATE TABLE dataset_halts (
	key     TEXT    NOT NULL PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	blob    TEXT    NOT NULL,
	steps   TEXT    NOT NULL,
	created INTEGER NOT NULL
) STRICT;
ALTER TABLE keys DROP COLUMN manages;
