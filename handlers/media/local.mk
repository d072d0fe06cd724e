libmerkato_a_SOURCES += %D%/media_links.c
