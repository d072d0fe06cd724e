libmerkato_a_SOURCES += \
	%D%/geo.c \
	%D%/insert.c \
	%D%/mysql.c \
	%D%/query.c \
	%D%/rows.c \
	%D%/sql.c
EXTRA_DIST += %D%/migrations
