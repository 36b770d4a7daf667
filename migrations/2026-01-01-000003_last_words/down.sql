ALTER TABLE partition_positions
    DROP COLUMN log_end,
    DROP COLUMN log_end_at,
    DROP COLUMN day,
    DROP COLUMN day_stored,
    DROP COLUMN day_duplicates,
    DROP COLUMN day_rejected,
    DROP COLUMN day_ignored;
