-- The options of a product in the order of their names, from the index alone.
CREATE INDEX product_labels ON variant_option (product_id, name_key, value_key, name, value);
DROP INDEX product ON variant_option;
