libmerkato_a_SOURCES += handlers/notifications/notifications_events.c
libmerkato_a_SOURCES += handlers/notifications/notifications_http.c
libmerkato_a_SOURCES += handlers/notifications/notifications_routes.c
libmerkato_a_SOURCES += handlers/notifications/notifications_send.c
