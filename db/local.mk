libmerkato_a_SOURCES += %D%/geo.c
libmerkato_a_SOURCES += %D%/insert.c
libmerkato_a_SOURCES += %D%/mysql.c
libmerkato_a_SOURCES += %D%/query.c
libmerkato_a_SOURCES += %D%/rows.c
libmerkato_a_SOURCES += %D%/sql.c
EXTRA_DIST += %D%/migrations
