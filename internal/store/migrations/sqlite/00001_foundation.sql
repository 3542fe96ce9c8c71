-- +goose Up

-- One row for each captured trace. Content stays in the log's segments: segment, place and length say where.
-- Times are Unix nanoseconds, durations nanoseconds, costs millionths of a millionth of a US dollar.
CREATE TABLE traces (
	seq       INTEGER PRIMARY KEY,
	id        TEXT    NOT NULL UNIQUE,
	tenant    TEXT    NOT NULL,
	key       TEXT    NOT NULL,
	model     TEXT    NOT NULL,
	stream    INTEGER NOT NULL,
	start     INTEGER NOT NULL,
	duration  INTEGER NOT NULL,
	first     INTEGER NOT NULL,
	input     INTEGER NOT NULL,
	cached    INTEGER NOT NULL,
	written   INTEGER NOT NULL,
	output    INTEGER NOT NULL,
	reasoning INTEGER NOT NULL,
	cost      INTEGER NOT NULL,
	error     TEXT    NOT NULL,
	message   TEXT    NOT NULL,
	dialect   TEXT    NOT NULL,
	answered  TEXT    NOT NULL,
	score     REAL    NOT NULL,
	content   INTEGER NOT NULL,
	segment   INTEGER NOT NULL,
	place     INTEGER NOT NULL,
	length    INTEGER NOT NULL
) STRICT;

CREATE INDEX traces_by_time ON traces (tenant, start);
CREATE INDEX traces_by_model ON traces (tenant, model, start);

-- Up to where the log has been imported; written in the transaction that adds the rows.
CREATE TABLE imported (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	segment INTEGER NOT NULL,
	place   INTEGER NOT NULL
) STRICT;
INSERT INTO imported VALUES (1, 0, 0);

CREATE TABLE feedback (
	seq        INTEGER PRIMARY KEY,
	tenant     TEXT    NOT NULL,
	trace      TEXT    NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
	rating     REAL,
	correction TEXT,
	comment    TEXT,
	created    INTEGER NOT NULL
) STRICT;

CREATE INDEX feedback_by_trace ON feedback (trace);

CREATE TABLE keys (
	id      TEXT    NOT NULL PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	hash    BLOB    NOT NULL UNIQUE,
	created INTEGER NOT NULL,
	revoked INTEGER
) STRICT;

CREATE UNIQUE INDEX keys_by_name ON keys (tenant, name) WHERE revoked IS NULL;

CREATE TABLE students (
	id      TEXT    NOT NULL PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	task    TEXT    NOT NULL,
	stage   TEXT    NOT NULL CHECK (stage IN ('candidate', 'challenger', 'champion', 'retired')),
	path    TEXT    NOT NULL,
	bytes   INTEGER NOT NULL,
	card    TEXT    NOT NULL,
	created INTEGER NOT NULL
) STRICT;

CREATE INDEX students_by_task ON students (tenant, task, created);
CREATE UNIQUE INDEX students_champion ON students (tenant, task) WHERE stage = 'champion';

-- The history of each task's champions. The champion is the student of the latest promotion that is not undone.
CREATE TABLE promotions (
	seq     INTEGER PRIMARY KEY,
	tenant  TEXT    NOT NULL,
	task    TEXT    NOT NULL,
	student TEXT    NOT NULL REFERENCES students (id),
	created INTEGER NOT NULL,
	undone  INTEGER
) STRICT;

CREATE INDEX promotions_by_task ON promotions (tenant, task, seq);

-- Rises with every change of what a serving process keeps in memory: keys and students.
CREATE TABLE revision (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	n   INTEGER NOT NULL
) STRICT;
INSERT INTO revision VALUES (1, 0);

-- +goose Down
DROP TABLE revision;
DROP TABLE promotions;
DROP TABLE students;
DROP TABLE keys;
DROP TABLE feedback;
DROP TABLE imported;
DROP TABLE traces;
