-- +goose Up

-- Versions of datasets. The examples are a blob in the data folder; card (JSON) says what they are and where they come from.
-- address is made of what a student learns from them, blob (SHA-256) of all that is known of them.
CREATE TABLE dataset_versions (
	seq     INTEGER PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	number  INTEGER NOT NULL,
	address TEXT    NOT NULL,
	blob    TEXT    NOT NULL,
	bytes   INTEGER NOT NULL,
	card    TEXT    NOT NULL,
	created INTEGER NOT NULL,
	UNIQUE (tenant, name, number)
) STRICT;

CREATE INDEX dataset_versions_by_blob ON dataset_versions (blob);

-- The last number that a name was given, so that none is given twice.
CREATE TABLE dataset_names (
	tenant TEXT    NOT NULL,
	name   TEXT    NOT NULL,
	last   INTEGER NOT NULL,
	PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- Words that point to versions.
CREATE TABLE dataset_tags (
	tenant TEXT    NOT NULL,
	name   TEXT    NOT NULL,
	tag    TEXT    NOT NULL,
	number INTEGER NOT NULL,
	PRIMARY KEY (tenant, name, tag),
	FOREIGN KEY (tenant, name, number) REFERENCES dataset_versions (tenant, name, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What was made from versions: kind is 'version' or 'student', who its name.
CREATE TABLE dataset_uses (
	tenant TEXT    NOT NULL,
	name   TEXT    NOT NULL,
	number INTEGER NOT NULL,
	kind   TEXT    NOT NULL CHECK (kind IN ('version', 'student')),
	who    TEXT    NOT NULL,
	PRIMARY KEY (tenant, name, number, kind, who)
) STRICT, WITHOUT ROWID;

-- What refining has done so far, so that it goes on after an interruption: the examples are a blob, steps (JSON) the reports.
CREATE TABLE dataset_halts (
	key     TEXT    NOT NULL PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	blob    TEXT    NOT NULL,
	steps   TEXT    NOT NULL,
	created INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE dataset_halts;
DROP TABLE dataset_uses;
DROP TABLE dataset_tags;
DROP TABLE dataset_names;
DROP TABLE dataset_versions;
