libmerkato_a_SOURCES += \
	%D%/geo.c
EXTRA_DIST += %D%/migrations
