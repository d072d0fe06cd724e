-- Facets count options product by product, from the index alone.
CREATE INDEX product_labels ON variant_option (product_id, name_key, value_key, name, value);
DROP INDEX product ON variant_option;
