# What the scripts of all test servers share. Sourced; $folder is the absolute folder of one server.
#
# A server's daemons are known by NAME.pid files in its folder, which each daemon writes itself before it becomes the
# daemon. A number is believed only while the command line of its process names the folder, so that nothing but what
# was started here is ever ended, also after numbers have come round.

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# process NAME: the number of a running daemon; false if there is none.
process() {
  local number
  number=$(cat "$folder/$1.pid" 2>/dev/null) && [ -n "$number" ] || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$number/cmdline" | grep -qF -- "$folder" || return 1
  echo "$number"
}

# launch NAME COMMAND...: starts a daemon in a session of its own: what ends the caller's does not end it.
launch() {
  local name=$1
  shift
  rm -f "$folder/$name.pid"
  setsid bash -c 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"' "$folder/$name.pid" "$@" \
    </dev/null >>"$folder/log/$name.out" 2>&1 9>&- &
  until [ -s "$folder/$name.pid" ]; do sleep 0.01; done
}

# finish NAME [SECONDS]: asks a daemon to end, and ends it for good after so many seconds.
finish() {
  local number tries=$((${2:-10} * 20))
  number=$(process "$1") && kill -TERM "$number" 2>/dev/null || true
  while [ $tries -gt 0 ] && process "$1" >/dev/null; do
    sleep 0.05
    tries=$((tries - 1))
  done
  destroy "$1"
}

# destroy NAME: ends a daemon without asking it.
destroy() {
  local number
  if number=$(process "$1"); then
    kill -KILL "$number" 2>/dev/null || true
    while process "$1" >/dev/null; do sleep 0.01; done
  fi
  rm -f "$folder/$1.pid"
}

# finish_start: ends a start that is still under way, with the tools that it waits for.
finish_start() {
  local number
  number=$(process start) || return 0
  kill -STOP "$number" 2>/dev/null || true
  kill -KILL "$number" $(descendants "$number") 2>/dev/null || true
  rm -f "$folder/start.pid"
}

descendants() {
  local child
  for child in $(cat "/proc/$1/task"/*/children 2>/dev/null || true); do
    echo "$child"
    descendants "$child"
  done
}

# wait_for SECONDS DAEMON COMMAND...: until the command succeeds; fails once the daemon is gone.
wait_for() {
  local tries=$(($1 * 20)) daemon=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    process "$daemon" >/dev/null || fail "$daemon died, see $folder/log"
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "$daemon is not ready in time, see $folder/log"
    sleep 0.05
  done
}

# answers URL: whether a server speaks there.
answers() { curl -sk -o /dev/null --max-time 2 "$1"; }

# claim_ports: sets $port to the first of 20 loopback ports that nobody listens on. They lie below those that the
# system gives to clients. Starts on this machine come one after the other: the lock is held until the caller ends,
# and by then its daemons listen.
claim_ports() {
  local first last count offset
  IFS=- read -r first last <<<"${LIFEBOAT_TEST_PORTS:-18400-31999}"
  count=$(((last - first + 1) / 20))
  [ $count -gt 0 ] || fail "LIFEBOAT_TEST_PORTS names fewer than 20 ports"
  exec 9>"${TMPDIR:-/tmp}/lifeboat-servers-$(id -u).lock"
  flock 9
  offset=$((RANDOM % count))
  local try
  for ((try = 0; try < count; try++)); do
    port=$((first + (offset + try) % count * 20))
    ports_are_free && return 0
  done
  fail "no 20 free ports in a row"
}

ports_are_free() {
  awk -v first="$port" 'function value(hex,  n, i) {
      for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1
      return n
    }
    $4 == "0A" { split($2, at, ":"); n = value(at[2]); if (n >= first && n < first + 20) found = 1 }
    END { exit found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
