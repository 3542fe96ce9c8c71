-- +goose Up

-- What blends were tuned to. The artefact is a file in the data folder; card (JSON) says what it was made from and what it
-- is good for. used is when it last became the one in use, NULL while it never was or is put aside for another.
CREATE TABLE tunings (
	id      TEXT    NOT NULL PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	blend   TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	path    TEXT    NOT NULL,
	bytes   INTEGER NOT NULL,
	card    TEXT    NOT NULL,
	created INTEGER NOT NULL,
	used    INTEGER
) STRICT;

CREATE INDEX tunings_by_blend ON tunings (tenant, blend, created);
CREATE UNIQUE INDEX tunings_in_use ON tunings (tenant, blend) WHERE used IS NOT NULL;

-- +goose Down
DROP TABLE tunings;
