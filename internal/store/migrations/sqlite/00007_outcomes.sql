-- +goose Up

-- What became of an answer, by the name of a measure; and the client's own id of a piece of feedback, under which it is kept once.
ALTER TABLE feedback ADD COLUMN measure TEXT;
ALTER TABLE feedback ADD COLUMN value REAL;
ALTER TABLE feedback ADD COLUMN id TEXT;
CREATE UNIQUE INDEX feedback_by_id ON feedback (tenant, id) WHERE id IS NOT NULL;

-- +goose Down
DROP INDEX feedback_by_id;
ALTER TABLE feedback DROP COLUMN id;
ALTER TABLE feedback DROP COLUMN value;
ALTER TABLE feedback DROP COLUMN measure;
