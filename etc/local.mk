# How it is run.
EXTRA_DIST += %D%/m4
