# Each test program is built by `make check`; those in TESTS need no server.
UNIT_LIBS = $(MERKATO_LIBS) $(CUNIT_LIBS)
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)

EXTRA_DIST += %D%/with-db

# Compiles every test program without running it.
compile-tests: $(check_PROGRAMS)
.PHONY: compile-tests
