-- +goose Up

-- What is known of tasks' wheels while they serve, in JSON: state is what the process that serves goes on from, brief what a turn has to know,
-- and report what people want to. audits is the latest audit that state has heard of.
CREATE TABLE wheels (
	tenant TEXT    NOT NULL,
	task   TEXT    NOT NULL,
	state  TEXT    NOT NULL,
	brief  TEXT    NOT NULL,
	report TEXT    NOT NULL,
	audits INTEGER NOT NULL,
	kept   INTEGER NOT NULL,
	PRIMARY KEY (tenant, task)
) STRICT, WITHOUT ROWID;

-- Students may be canaries, of which a task has one.
DROP INDEX students_champion;
ALTER TABLE students ADD COLUMN at TEXT NOT NULL DEFAULT 'candidate' CHECK (at IN ('candidate', 'challenger', 'canary', 'champion', 'retired'));
UPDATE students SET at = stage;
ALTER TABLE students DROP COLUMN stage;
ALTER TABLE students RENAME COLUMN at TO stage;
CREATE UNIQUE INDEX students_champion ON students (tenant, task) WHERE stage = 'champion';
CREATE UNIQUE INDEX students_canary ON students (tenant, task) WHERE stage = 'canary';

-- Whether chance alone chose the request to be audited, rather than doubts about answers like it.
ALTER TABLE audits ADD COLUMN drawn INTEGER NOT NULL DEFAULT 1;

-- +goose Down
DROP INDEX students_canary;
DROP INDEX students_champion;
ALTER TABLE students ADD COLUMN at TEXT NOT NULL DEFAULT 'candidate' CHECK (at IN ('candidate', 'challenger', 'champion', 'retired'));
UPDATE students SET at = CASE stage WHEN 'canary' THEN 'candidate' ELSE stage END;
ALTER TABLE students DROP COLUMN stage;
ALTER TABLE students RENAME COLUMN at TO stage;
CREATE UNIQUE INDEX students_champion ON students (tenant, task) WHERE stage = 'champion';
ALTER TABLE audits DROP COLUMN drawn;
DROP TABLE wheels;
