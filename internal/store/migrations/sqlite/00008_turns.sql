-- +goose Up

-- Turns of tasks' wheels: each trains a student and decides whether it serves. id is that of the run and of the student. ended is NULL while
-- one is under way. evidence is JSON.
CREATE TABLE turns (
	id       TEXT    PRIMARY KEY,
	tenant   TEXT    NOT NULL,
	task     TEXT    NOT NULL,
	why      TEXT    NOT NULL,
	labels   INTEGER NOT NULL,
	begun    INTEGER NOT NULL,
	ended    INTEGER,
	outcome  TEXT    NOT NULL,
	says     TEXT    NOT NULL,
	evidence TEXT    NOT NULL
) STRICT;

CREATE INDEX turns_by_task ON turns (tenant, task, begun);

-- Tasks whose wheels a person has stopped.
CREATE TABLE pauses (
	tenant  TEXT    NOT NULL,
	task    TEXT    NOT NULL,
	created INTEGER NOT NULL,
	PRIMARY KEY (tenant, task)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE pauses;
DROP TABLE turns;
