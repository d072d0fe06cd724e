libmerkato_a_SOURCES += %D%/ledger_http.c
libmerkato_a_SOURCES += %D%/ledger_post.c
libmerkato_a_SOURCES += %D%/ledger_routes.c
libmerkato_a_SOURCES += %D%/ledger_verify.c
