-- +goose Up

-- When a student first was a canary, which answers a share; null: it never was, or before this was kept.
ALTER TABLE students ADD COLUMN tried INTEGER;
UPDATE students SET tried = created WHERE stage = 'canary';

-- +goose Down
ALTER TABLE students DROP COLUMN tried;
