# Each test program is built by `make check`; those in TESTS need no server.
UNIT_LIBS = $(MERKATO_LIBS) $(CUNIT_LIBS)
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
