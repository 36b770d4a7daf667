DROP TABLE retried_events;
DROP TABLE rejected_events;
DROP VIEW line_items;
DROP TABLE orders;
DROP TABLE skipped_ranges;
DROP TABLE partition_positions;
DROP TABLE topic_incarnations;
DROP TABLE streams;
