# The packages of etc/packages: what is missing, and its installation. Nothing
# that a package brings is started: its services are held back while apt runs.

packages_of() {
	local group
	for group; do
		awk -v g="$group" '$1 == g { print $2 }' "$TOP/etc/packages"
	done | sort -u
}

packages_missing() {
	local wanted
	mapfile -t wanted < <(packages_of "$@")
	# shellcheck disable=SC2016  # the format is dpkg's
	comm -23 <(printf '%s\n' "${wanted[@]}") \
		<(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
			awk '$1 == "ii" { print $2 }' | sort -u)
}

# need build run …: installs what the groups lack, or says what to install.
need() {
	local missing
	if ! command -v dpkg-query >/dev/null; then
		say "This is not Debian: going on as if all of etc/packages ($*) were installed."
		return
	fi
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || refuse "packages are missing and only root may install them:" \
		"apt-get install --no-install-recommends ${missing[*]}"
	say "Installing ${#missing[@]} packages (${missing[*]})"
	packages_install "${missing[@]}"
}

policy=/usr/sbin/policy-rc.d

packages_install() (
	export DEBIAN_FRONTEND=noninteractive
	mkdir -p "$V/log"
	log=$V/log/packages.log
	trap services_allow EXIT
	services_hold
	if ! { apt-get -qy update && apt-get -qy install --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
		show_end "$log"
		refuse "apt-get could not install the packages"
	fi
	services_forget "$@"
)

services_hold() {
	[ ! -e $policy ] || mv $policy $policy.kept
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
}

services_allow() {
	rm -f $policy
	[ ! -e $policy.kept ] || mv $policy.kept $policy
}

# What has just been installed does not start at the next boot either.
services_forget() {
	local p
	for p; do
		case $p in
		mariadb-server) p=mariadb ;;
		memcached | nginx | apache2 | lighttpd) ;;
		*) continue ;;
		esac
		! command -v systemctl >/dev/null || systemctl disable -q "$p" >/dev/null 2>&1 || true
		! command -v update-rc.d >/dev/null || update-rc.d "$p" disable >/dev/null 2>&1 || true
	done
}
