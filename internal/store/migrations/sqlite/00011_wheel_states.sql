-- +goose Up

-- What the process that serves goes on from, in JSON: a megabyte where labels are many, apart from what is read and written every few seconds.
-- audits is the latest audit that it has heard of.
CREATE TABLE wheel_states (
	tenant TEXT    NOT NULL,
	task   TEXT    NOT NULL,
	state  TEXT    NOT NULL,
	audits INTEGER NOT NULL,
	PRIMARY KEY (tenant, task)
) STRICT;
INSERT INTO wheel_states SELECT tenant, task, state, audits FROM wheels WHERE state <> '';
ALTER TABLE wheels DROP COLUMN state;
ALTER TABLE wheels DROP COLUMN audits;

-- +goose Down
ALTER TABLE wheels ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE wheels ADD COLUMN audits INTEGER NOT NULL DEFAULT 0;
UPDATE wheels SET state = s.state, audits = s.audits FROM wheel_states s WHERE s.tenant = wheels.tenant AND s.task = wheels.task;
DROP TABLE wheel_states;
