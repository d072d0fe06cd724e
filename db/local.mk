libmerkato_a_SOURCES += %D%/cache.c
libmerkato_a_SOURCES += %D%/geo.c
libmerkato_a_SOURCES += %D%/insert.c
libmerkato_a_SOURCES += %D%/jobs_db.c
libmerkato_a_SOURCES += %D%/migrate.c
libmerkato_a_SOURCES += %D%/mysql.c
libmerkato_a_SOURCES += %D%/once_db.c
libmerkato_a_SOURCES += %D%/outbox_db.c
libmerkato_a_SOURCES += %D%/query.c
libmerkato_a_SOURCES += %D%/rows.c
libmerkato_a_SOURCES += %D%/sql.c
libmerkato_a_SOURCES += \
	%D%/accounts_db.c \
	%D%/addresses_db.c \
	%D%/attempts_db.c \
	%D%/audit_db.c \
	%D%/geo.c \
	%D%/insert.c \
	%D%/links_db.c \
	%D%/mysql.c \
	%D%/query.c \
	%D%/rows.c \
	%D%/security_db.c \
	%D%/sessions_db.c \
	%D%/sql.c \
	%D%/staff_db.c \
	%D%/vendors_db.c
EXTRA_DIST += %D%/migrations
