libmerkato_a_SOURCES += handlers/console/console_home.c
libmerkato_a_SOURCES += handlers/console/console_page.c
libmerkato_a_SOURCES += handlers/console/console_products.c
libmerkato_a_SOURCES += handlers/console/console_routes.c
libmerkato_a_SOURCES += handlers/console/console_show.c
libmerkato_a_SOURCES += handlers/console/console_sign_in.c
