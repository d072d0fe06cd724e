libmerkato_a_SOURCES +=
