DROP VIEW order_facts_rows;
DROP TABLE facts_generation;
DROP TABLE order_facts;
