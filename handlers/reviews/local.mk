libmerkato_a_SOURCES += handlers/reviews/reviews_http.c
libmerkato_a_SOURCES += handlers/reviews/reviews_person.c
libmerkato_a_SOURCES += handlers/reviews/reviews_routes.c
libmerkato_a_SOURCES += handlers/reviews/reviews_status.c
libmerkato_a_SOURCES += handlers/reviews/reviews_watch.c
libmerkato_a_SOURCES += handlers/reviews/reviews_write.c
