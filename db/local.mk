libmerkato_a_SOURCES +=
EXTRA_DIST += %D%/migrations
