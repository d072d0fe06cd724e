# Builds outside the tree, so that the clone stays clean but for autotools'
# ignored files.

# build DIR CONFIGURE-ARGUMENT…: configures once (again when the arguments
# change) and compiles what has changed.
build() {
	local dir=$1 log=$1/build.log
	# Another clone finds what this one has compiled.
	export CCACHE_BASEDIR=$TOP CCACHE_NOHASHDIR=1
	shift
	mkdir -p "$dir"
	: >"$log"
	if ! { build_configure "$dir" "$@" && make -s -C "$dir" -j "$(nproc)" all; } >>"$log" 2>&1; then
		show_end "$log" 40
		return 1
	fi
}

build_configure() {
	local dir=$1 cc
	shift
	[ -x "$TOP/configure" ] || (cd "$TOP" && autoreconf -fi) || return 1
	cc=${CC:-$(command -v ccache >/dev/null && echo 'ccache gcc' || echo gcc)}
	[ -f "$dir/Makefile" ] && [ "$(cat "$dir/arguments" 2>/dev/null)" = "$cc $*" ] && return
	(cd "$dir" && "$TOP/configure" -q CC="$cc" --with-revision="$(build_revision)" "$@") || return 1
	printf '%s\n' "$cc $*" >"$dir/arguments"
}

build_revision() {
	git -C "$TOP" rev-parse --short HEAD 2>/dev/null || echo unknown
}
