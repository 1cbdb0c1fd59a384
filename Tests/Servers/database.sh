# What the scripts of MariaDB and Redis share. Sourced after common.sh; $folder is the folder of one server.

# account NAME: the account that a server of this name runs as where it is started by root.
account() { getent passwd "$1" >/dev/null && echo "$1" || echo nobody; }

# own NAME PATH...: gives files to that account, and lets it reach them.
own() {
  [ "$(id -u)" = 0 ] || return 0
  local name=$1
  shift
  chmod a+x "$folder" || true
  chown -R "$(account "$name"):" "$@"
}

# certificates NAME: ca.pem, and server.pem and server.key for the loopback, which verify against it by name and address.
certificates() {
  (
    cd "$folder"
    curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    openssl req -x509 "${curve[@]}" -days 3650 -keyout ca.key -out ca.pem -subj "/CN=lifeboat test authority"
    openssl req "${curve[@]}" -keyout server.key -out server.request -subj "/CN=localhost"
    openssl x509 -req -in server.request -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out server.pem \
      -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
  ) >"$folder/log/tls.out" 2>&1 || fail "no certificate, see $folder/log/tls.out"
  chmod 644 "$folder"/*.pem
  own "$1" "$folder/server.key"
}
