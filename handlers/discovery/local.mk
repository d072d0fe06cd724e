libmerkato_a_SOURCES += %D%/discovery_http.c
libmerkato_a_SOURCES += %D%/discovery_routes.c
libmerkato_a_SOURCES += %D%/facets.c
libmerkato_a_SOURCES += %D%/hits.c
libmerkato_a_SOURCES += %D%/listing.c
libmerkato_a_SOURCES += %D%/postings.c
libmerkato_a_SOURCES += %D%/views.c
libmerkato_a_SOURCES += %D%/words.c
