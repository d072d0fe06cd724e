# Compiler flags that gcc and clang may or may not know, and the libraries.

AC_DEFUN([MERKATO_TRY_FLAG],[
  AS_VAR_PUSHDEF([known],[merkato_cv_flag_$1])
  AC_CACHE_CHECK([whether $CC knows $1],[known],[
    merkato_saved="$CFLAGS"
    CFLAGS="$CFLAGS -Werror $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],[AS_VAR_SET([known],[yes])],[AS_VAR_SET([known],[no])])
    CFLAGS="$merkato_saved"])
  AS_VAR_IF([known],[yes],[MERKATO_CFLAGS="$MERKATO_CFLAGS $1"])
  AS_VAR_POPDEF([known])
])

AC_DEFUN([MERKATO_FLAGS],[
  MERKATO_CFLAGS="-std=gnu17"
  MERKATO_LDFLAGS=""
  m4_foreach_w([flag],[-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wwrite-strings -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference
    -Wconversion -Wsign-conversion -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wno-missing-field-initializers
 -fno-common],
    [MERKATO_TRY_FLAG(flag)])
  AS_IF([test "x$enable_sanitize" = xyes],[
    CFLAGS="-O1 -g"
    MERKATO_CFLAGS="$MERKATO_CFLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
    MERKATO_LDFLAGS="-fsanitize=address,undefined"
    AC_DEFINE([MERKATO_SANITIZE],[1],[Built with sanitizers])
  ],[test "x$enable_hardening" = xyes],[
    MERKATO_CFLAGS="$MERKATO_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE"
    m4_foreach_w([flag],[-fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero],
      [MERKATO_TRY_FLAG(flag)])
    MERKATO_LDFLAGS="-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed"
  ])
  AS_IF([test "x$enable_werror" = xyes],[MERKATO_CFLAGS="$MERKATO_CFLAGS -Werror"])
  AC_SUBST([MERKATO_CFLAGS])
  AC_SUBST([MERKATO_LDFLAGS])
])

AC_DEFUN([MERKATO_LIBRARIES],[
  PKG_CHECK_MODULES([MYSQL],[libmariadb >= 3.3],[],[PKG_CHECK_MODULES([MYSQL],[mysqlclient])])
  PKG_CHECK_MODULES([LIBS_PKG],[fcgi jansson >= 2.14 libjwt >= 1.10.2 libjwt < 3 libmemcached >= 1.1.4
    libcurl >= 7.85 libcrypto >= 3.0 libidn2 >= 2.3 liboath >= 2.6.7 libqrencode >= 4.1 libpcre2-8 >= 10.42 zlib])
  PKG_CHECK_MODULES([MAGICK],[MagickWand])
  PKG_CHECK_MODULES([CUNIT],[cunit])
  merkato_libs="$LIBS"
  AC_SEARCH_LIBS([u8_normalize],[unistring],[],[AC_MSG_ERROR([libunistring is missing (libunistring-dev)])])
  AC_SEARCH_LIBS([csv_init],[csv],[],[AC_MSG_ERROR([libcsv is missing (libcsv-dev)])])
  EXTRA_LIBS="$LIBS"
  LIBS="$merkato_libs"
  AC_SUBST([EXTRA_LIBS])
  merkato_saved="$CPPFLAGS"
  CPPFLAGS="$CPPFLAGS $MYSQL_CFLAGS"
  AC_CHECK_TYPES([my_bool],[],[],[[#include <mysql.h>]])
  CPPFLAGS="$merkato_saved"
  merkato_saved="$CPPFLAGS"
  CPPFLAGS="$CPPFLAGS $MAGICK_CFLAGS"
  AC_CHECK_HEADERS([MagickWand/MagickWand.h wand/MagickWand.h],[break])
  CPPFLAGS="$merkato_saved"
])
