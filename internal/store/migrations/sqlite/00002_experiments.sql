-- +goose Up

-- What splits chose: one row for each split that a traced request went through. unit is a number made of the request's
-- unit, 0 where the arm was not drawn by it.
CREATE TABLE arms (
	trace  TEXT    NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
	split  TEXT    NOT NULL,
	tenant TEXT    NOT NULL,
	arm    TEXT    NOT NULL,
	unit   INTEGER NOT NULL,
	start  INTEGER NOT NULL,
	PRIMARY KEY (trace, split)
) STRICT, WITHOUT ROWID;

CREATE INDEX arms_by_split ON arms (tenant, split, start);

-- The history of each split's settlements: since when one arm answers for all, on which evidence (JSON), until when.
CREATE TABLE settlements (
	seq      INTEGER PRIMARY KEY,
	tenant   TEXT    NOT NULL,
	split    TEXT    NOT NULL,
	arm      TEXT    NOT NULL,
	evidence TEXT    NOT NULL,
	created  INTEGER NOT NULL,
	undone   INTEGER
) STRICT;

CREATE UNIQUE INDEX settlements_open ON settlements (tenant, split) WHERE undone IS NULL;

-- +goose Down
DROP TABLE settlements;
DROP TABLE arms;
