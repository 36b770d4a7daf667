-- What a consumer knows beside its position, left with each commit and now and then while it is
-- idle: where the log ended, and what became of the day's records. No index has these columns, so
-- that moving a position stays an update in place. Consumers of the release before leave them alone.

ALTER TABLE partition_positions
    ADD COLUMN log_end bigint CHECK (log_end >= 0),
    ADD COLUMN log_end_at timestamptz,
    ADD COLUMN day date,
    ADD COLUMN day_stored bigint NOT NULL DEFAULT 0,
    ADD COLUMN day_duplicates bigint NOT NULL DEFAULT 0,
    ADD COLUMN day_rejected bigint NOT NULL DEFAULT 0,
    ADD COLUMN day_ignored bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN partition_positions.log_end IS 'Where the broker''s log ended when the owner last looked: the offset after its last record. May lie below next_offset, which moved since; null while nobody has looked.';
COMMENT ON COLUMN partition_positions.log_end_at IS 'When that was, by the owner''s clock.';
COMMENT ON COLUMN partition_positions.day IS 'The day of the newest commit, in UTC; the counts beside are of this day alone.';
COMMENT ON COLUMN partition_positions.day_stored IS 'Orders stored on that day.';
COMMENT ON COLUMN partition_positions.day_duplicates IS 'Records that repeated a stored order on that day.';
COMMENT ON COLUMN partition_positions.day_rejected IS 'Records rejected on that day.';
COMMENT ON COLUMN partition_positions.day_ignored IS 'Records of another event type on that day.';
