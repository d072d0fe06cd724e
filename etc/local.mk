# How it is run.
EXTRA_DIST += \
	%D%/apache \
	%D%/cron \
	%D%/dev \
	%D%/lighttpd \
	%D%/m4 \
	%D%/nginx \
	%D%/packages \
	%D%/systemd

dist_doc_DATA = README.md %D%/merkato.conf

# The documented sample follows the table of settings.
sample: merkato$(EXEEXT)
	MERKATO_CONF= ./merkato$(EXEEXT) check-config --sample > $(srcdir)/%D%/merkato.conf.new
	mv $(srcdir)/%D%/merkato.conf.new $(srcdir)/%D%/merkato.conf
.PHONY: sample
