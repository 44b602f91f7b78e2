# What with-desktop and desk share.
# shellcheck shell=bash

# now: milliseconds since 1970.
now() { echo $(( ${EPOCHREALTIME/[.,]/} / 1000 )); }

# within SECONDS CMD…: tries CMD every 20 ms until it succeeds; its last status if it never does.
within() {
  local end=$(( $(now) + $1 * 1000 )); shift
  until "$@" 2>/dev/null; do
    [ "$(now)" -lt "$end" ] || return 1
    sleep 0.02
  done
}

# end PID: TERM, and KILL where that does not help within 2 s. -PID ends a process group.
end() {
  kill -TERM -- "$1" 2>/dev/null || return 0
  within 2 ended "$1" || kill -KILL -- "$1" 2>/dev/null
}

# ended PID: it is gone, or a zombie: what `desk` started is reaped by init, and an init may take its time.
ended() {
  kill -0 -- "$1" 2>/dev/null || return 0
  local file stat state group
  for file in /proc/[0-9]*/stat; do
    read -r stat 2>/dev/null <"$file" || continue
    read -r state _ group _ <<<"${stat##*) }"
    if [ "$state" != Z ] && { [ "${stat%% *}" = "$1" ] || [ "-$group" = "$1" ]; }; then return 1; fi
  done
}

# has session|system NAME: does somebody own NAME on that bus?
has() {
  gdbus call "--$1" -d org.freedesktop.DBus -o /org/freedesktop/DBus \
    -m org.freedesktop.DBus.NameHasOwner "$2" 2>/dev/null | grep -q true
}

# keyring METHOD ARG…: a call to the Secret Service.
keyring() {
  local method=$1; shift
  gdbus call --session -d org.freedesktop.secrets -o /org/freedesktop/secrets \
    -m "org.freedesktop.Secret.Service.$method" "$@"
}
