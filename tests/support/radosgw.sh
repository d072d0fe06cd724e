# A Ceph object gateway of our own in $V/ceph: a real server that speaks S3 and
# checks signatures. One monitor, one object store in memory, one gateway; no
# service of the machine, nothing that outlives the check. Sourced by
# check_long.sh.

# radosgw_start PORT: the gateway listens there, its monitor on the next two.
radosgw_start() {
	local d=$V/ceph port=$1 fsid osd
	for p in monmaptool ceph-mon ceph-osd ceph radosgw radosgw-admin; do
		command -v $p >/dev/null || return 1
	done
	rm -rf "$d"
	mkdir -p "$d"/{run,mon,osd,rgw}
	fsid=$(cat /proc/sys/kernel/random/uuid)
	osd=$(cat /proc/sys/kernel/random/uuid)
	radosgw_conf "$d" "$port" "$fsid" >"$d/ceph.conf"
	export CEPH_CONF=$d/ceph.conf
	monmaptool --create --clobber --fsid "$fsid" \
		--addv a "[v2:127.0.0.1:$((port + 1)),v1:127.0.0.1:$((port + 2))]" "$d/monmap" &&
		ceph-mon --mkfs -i a -c "$d/ceph.conf" --monmap "$d/monmap" || return 1
	radosgw_run mon ceph-mon -f -i a -c "$d/ceph.conf"
	timeout 30 ceph -c "$d/ceph.conf" osd new "$osd" &&
		ceph-osd -i 0 -c "$d/ceph.conf" --mkfs --osd-uuid "$osd" || return 1
	radosgw_run osd ceph-osd -f -i 0 -c "$d/ceph.conf"
	# The first call makes the pools.
	timeout 120 radosgw-admin -c "$d/ceph.conf" user create --uid=merkato --display-name=Merkato \
		--access-key="$S3_SERVER_ACCESS" --secret-key="$S3_SERVER_SECRET" || return 1
	radosgw_run rgw radosgw -f -n client.rgw -c "$d/ceph.conf"
	for _ in $(seq 100); do
		curl -s -o "$d/first" "http://127.0.0.1:$port/" && return
		sleep 0.2
	done
	return 1
}

radosgw_run() {
	local name=$1
	shift
	"$@" >"$V/ceph/$name.out" 2>&1 &
	echo $! >"$V/ceph/$name.pid"
}

# "ms mon client mode": without it the gateway asks for a way of speaking that
# goes with no authentication at all, and waits for ever.
radosgw_conf() {
	cat <<-END
		[global]
		fsid = $3
		mon initial members = a
		mon host = [v2:127.0.0.1:$(($2 + 1))/0,v1:127.0.0.1:$(($2 + 2))/0]
		public network = 127.0.0.0/8
		auth cluster required = none
		auth service required = none
		auth client required = none
		osd pool default size = 1
		osd pool default min size = 1
		osd pool default pg num = 1
		osd pool default pgp num = 1
		osd pool default pg autoscale mode = off
		mon allow pool size one = true
		osd crush chooseleaf type = 0
		osd objectstore = memstore
		memstore device bytes = 1073741824
		run dir = $1/run
		admin socket = $1/run/\$name.asok
		log file = $1/run/\$name.log
		pid file = $1/run/\$name.pid
		mon data avail crit = 1
		[mon.a]
		mon data = $1/mon
		[osd.0]
		osd data = $1/osd
		[client.rgw]
		ms mon client mode = crc
		rgw frontends = beast endpoint=127.0.0.1:$2
		rgw data = $1/rgw
		rgw enable gc threads = false
		rgw enable lc threads = false
		rgw run sync thread = false
	END
}

radosgw_stop() {
	local name pid
	for name in rgw osd mon; do
		pid=$(cat "$V/ceph/$name.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || true
		for _ in $(seq 50); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$V/ceph"
}
