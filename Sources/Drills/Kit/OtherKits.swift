/// MariaDB: a fresh server on a socket, loaded by lifeboat, or by `mariadb`.
struct MariaDBKit: KitEngine {
  let contents: KitContents

  var packages: [String] { ["mariadb-server"] }
  var result: KitWay.Result { .server("mariadb") }

  var variables: [KitVariable] {
    account("mysql") + [
      KitVariable("SOCKET", .words("$WORK/socket/server"), "the fresh server's socket"),
      KitVariable("SQL", .words("--no-defaults --socket=$SOCKET --user=root"), "what every client is told"),
    ]
  }

  var target: String? { #"{kind: mariadb, socket: "${SOCKET}", user: root}"# }

  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep] {
    var steps: [KitStep] = []
    if tool == .reader { steps.append(dumped(tool, restore)) }
    steps.append(KitStep("a fresh server runs", server))
    if tool == .lifeboat {
      steps.append(KitStep("lifeboat has loaded and compared it", restore("--into fresh"), reads: true))
      if contents.hasGlobals {
        steps.append(
          KitStep("the users are restored", restore(#"--stream users.sql --to "$WORK/dump""#), reads: true))
      }
    } else {
      steps += [
        KitStep(
          "the dump is loaded",
          "mariadb $SQL --binary-mode --default-character-set=utf8mb4 --max-allowed-packet=1G <\"$WORK/dump/all.sql\""),
        KitStep("the tables are analyzed", "mariadb-check $SQL --analyze --silent --all-databases"),
      ]
    }
    if contents.hasGlobals { steps.append(KitStep("the users are loaded", users)) }
    return steps + [KitStep("it answers", #"mariadb $SQL -e "SHOW DATABASES""#)]
  }

  private var server: String {
    """
    \(folders)
    PATH=$PATH:/usr/sbin
    $AS mariadb-install-db --no-defaults --datadir="$WORK/server" --skip-test-db \\
      --auth-root-authentication-method=normal >"$WORK/install.log"
    setsid $AS mariadbd --no-defaults --datadir="$WORK/server" --socket="$SOCKET" --pid-file="$WORK/server/pid" \\
      --skip-networking --log-error="$WORK/server/log" </dev/null >/dev/null 2>&1 &
    mariadb-admin $SQL --silent --wait=120 --connect-timeout=1 ping
    """
  }

  /// The fresh server keeps its own root on the socket.
  private let users = #"""
    sed "/\`root\`@\`localhost\`/d; /'root'@'localhost'/d" "$WORK/dump/users.sql" >"$WORK/users.sql"
    mariadb $SQL <"$WORK/users.sql"
    """#
}

/// Redis: the dump is put where a fresh server finds it.
struct RedisKit: KitEngine {
  var packages: [String] { ["redis-server"] }
  var result: KitWay.Result { .server("redis") }

  var variables: [KitVariable] {
    account("redis") + [KitVariable("SOCKET", .words("$WORK/socket/server"), "the fresh server's socket")]
  }

  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep] {
    [
      dumped(tool, restore),
      KitStep(
        "a fresh server runs with it",
        """
        \(folders)
        install -m 600 -o "$ACCOUNT" "$WORK/dump/dump.rdb" "$WORK/server/dump.rdb"
        $AS redis-server --dir "$WORK/server" --dbfilename dump.rdb --save '' --port 0 --unixsocket "$SOCKET" \\
          --pidfile "$WORK/server/pid" --logfile "$WORK/server/log" --daemonize yes
        """),
      KitStep(
        "it answers",
        """
        until redis-cli -s "$SOCKET" ping | grep -qx PONG; do
          kill -0 "$(cat "$WORK/server/pid")"
          sleep 0.1
        done
        redis-cli -s "$SOCKET" info keyspace
        """),
    ]
  }
}

/// SQLite: the file is the database.
struct SQLiteKit: KitEngine {
  var packages: [String] { ["sqlite3"] }
  var result: KitWay.Result { .folder }

  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep] {
    [
      dumped(tool, restore),
      KitStep(
        "it answers",
        """
        (
          set -e
          for file in "$WORK"/dump/*; do
            sqlite3 -readonly "$file" 'PRAGMA integrity_check' | grep -qx ok
          done
        )
        ls -l "$WORK/dump"
        """),
    ]
  }
}

/// Anything else: the streams as they were dumped.
struct FilesKit: KitEngine {
  var packages: [String] { [] }
  var result: KitWay.Result { .folder }

  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep] {
    [dumped(tool, restore), KitStep("it is there", #"ls -lR "$WORK/dump""#)]
  }
}
