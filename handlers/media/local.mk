libmerkato_a_SOURCES += %D%/media_demo.c
libmerkato_a_SOURCES += %D%/media_http.c
libmerkato_a_SOURCES += %D%/media_links.c
libmerkato_a_SOURCES += %D%/media_pictures.c
libmerkato_a_SOURCES += %D%/media_private.c
libmerkato_a_SOURCES += %D%/media_routes.c
libmerkato_a_SOURCES += %D%/media_single.c
libmerkato_a_SOURCES += %D%/media_work.c
