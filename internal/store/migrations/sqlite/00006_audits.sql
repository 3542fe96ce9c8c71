-- +goose Up

-- What a teacher said to requests that a student had answered: whether the two agree, with the traces of both.
CREATE TABLE audits (
	seq     INTEGER PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	task    TEXT    NOT NULL,
	student TEXT    NOT NULL,
	trace   TEXT    NOT NULL,
	audit   TEXT    NOT NULL,
	agree   INTEGER NOT NULL,
	score   REAL    NOT NULL,
	said    TEXT    NOT NULL,
	taught  TEXT    NOT NULL,
	created INTEGER NOT NULL
) STRICT;

CREATE INDEX audits_by_student ON audits (task, student, seq);

-- Students that were taken out, why (words) and on which evidence (JSON), until a person put them back. after is the last audit that
-- counted: those up to it are no evidence against the student once it is back.
CREATE TABLE takeouts (
	seq      INTEGER PRIMARY KEY,
	tenant   TEXT    NOT NULL,
	task     TEXT    NOT NULL,
	student  TEXT    NOT NULL,
	why      TEXT    NOT NULL,
	evidence TEXT    NOT NULL,
	created  INTEGER NOT NULL,
	resumed  INTEGER,
	after    INTEGER
) STRICT;

CREATE UNIQUE INDEX takeouts_open ON takeouts (tenant, task, student) WHERE resumed IS NULL;

-- +goose Down
DROP TABLE takeouts;
DROP TABLE audits;
