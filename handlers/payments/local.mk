libmerkato_a_SOURCES += %D%/payments.c
libmerkato_a_SOURCES += %D%/payments_check.c
libmerkato_a_SOURCES += %D%/payments_http.c
libmerkato_a_SOURCES += %D%/payments_routes.c
libmerkato_a_SOURCES += %D%/sandbox.c
