# What people read.
EXTRA_DIST += %D%
