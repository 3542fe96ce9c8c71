-- +goose Up

-- When the files of a student that never served were cleared; null: they are there.
ALTER TABLE students ADD COLUMN cleared INTEGER;

-- +goose Down
ALTER TABLE students DROP COLUMN cleared;
