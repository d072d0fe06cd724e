libmerkato_a_SOURCES += %D%/shipping.c
