/// PostgreSQL: a fresh server on a socket, loaded by lifeboat, or by `psql` and `pg_restore`.
struct PostgreSQLKit: KitEngine {
  let contents: KitContents

  private var major: String {
    let digits = contents.version.prefix { $0.isNumber }
    return digits.isEmpty ? "15" : String(digits)
  }

  var packages: [String] { ["postgresql-\(major)"] + (contents.locales.isEmpty ? [] : ["locales"]) }
  var result: KitWay.Result { .server("postgresql") }

  var variables: [KitVariable] {
    account("postgres") + [
      KitVariable("PGBIN", .text("/usr/lib/postgresql/\(major)/bin"), "the programs of PostgreSQL \(major), or later"),
      KitVariable("PGHOST", .words("$WORK/socket"), "the folder of the fresh server's socket"),
      KitVariable("PGPORT", .text("5432"), "its port"),
      KitVariable("PGUSER", .text("postgres"), "its superuser"),
    ]
  }

  var target: String? {
    #"{kind: postgresql, socket: "${PGHOST}", port: 5432, user: "${PGUSER}", tools: {folder: "${PGBIN}"}}"#
  }

  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep] {
    var steps: [KitStep] = []
    if tool == .reader { steps.append(dumped(tool, restore)) }
    if !contents.locales.isEmpty { steps.append(KitStep("the locales are there", locales)) }
    steps.append(KitStep("a fresh server runs", server))
    if tool == .lifeboat {
      let roles = contents.hasGlobals ? "--with-globals" : "--no-owner"
      steps.append(KitStep("lifeboat has loaded and compared it", restore("--into fresh \(roles)"), reads: true))
    } else {
      steps += byHand
    }
    return steps + [KitStep("it answers", answer)]
  }

  /// Who lacks one finds it made; to make it, root is needed.
  private var locales: String {
    let names = contents.locales.map(ShellText.quoted).joined(separator: " ")
    return """
      for locale in \(names); do
        [ "$(LC_ALL=$locale locale charmap 2>/dev/null)" = ANSI_X3.4-1968 ] || continue
        charmap=${locale#*.}
        case $charmap in utf8) charmap=UTF-8 ;; "$locale") charmap=ISO-8859-1 ;; esac
        localedef -i "${locale%%.*}" -f "$charmap" "$locale"
      done
      """
  }

  /// The database `postgres` of a fresh server goes: a dump may bring its own.
  private var server: String {
    """
    \(folders)
    $AS "$PGBIN/initdb" -D "$WORK/server" -U "$PGUSER" -E UTF8 --locale=C.UTF-8 --auth=trust >"$WORK/initdb.log"
    $AS "$PGBIN/pg_ctl" start -s -w -t 120 -D "$WORK/server" -l "$WORK/server/log" \\
      -o "-c listen_addresses='' -c unix_socket_directories='$PGHOST' -c port=$PGPORT -c max_wal_size=4GB"
    "$PGBIN/dropdb" --maintenance-db=template1 postgres
    """
  }

  // MARK: - By the vendor's own tools

  private var byHand: [KitStep] {
    let roles = KitStep(
      "the roles are there",
      """
      grep -v '^\\(CREATE\\|ALTER\\|GRANT .* ON\\|COMMENT ON\\) TABLESPACE ' "$WORK/dump/globals.sql" >"$WORK/roles.sql"
      "$PGBIN/psql" -X -q -o /dev/null -d template1 -f "$WORK/roles.sql"
      """)
    let steps = [
      KitStep("the definitions are loaded", definitions), KitStep("the rows are loaded", rows),
      KitStep("indexes and constraints are built", indexes),
      KitStep("the tables are analyzed", #""$PGBIN/vacuumdb" -a -Z -q -j "$(nproc)" --maintenance-db=template1"#),
    ]
    return (contents.hasGlobals ? [roles] : []) + steps
  }

  /// Owners and rights need the roles.
  private var ownership: String { contents.hasGlobals ? "" : " --no-owner --no-privileges" }

  /// The archive makes its database with the encoding, the locale, the settings and the rights that it had. Tablespaces
  /// are folders of a host that is gone.
  private var definitions: String {
    """
    (
      set -e
      for dump in "$WORK"/dump/*/schema.dump; do
        "$PGBIN/pg_restore" --create --section=pre-data --no-tablespaces\(ownership) -f "$WORK/make.sql" "$dump"
        sed -i '0,/^CREATE DATABASE /s/^\\(CREATE DATABASE .*\\) TABLESPACE = .*;$/\\1;/' "$WORK/make.sql"
        "$PGBIN/psql" -X -q -o /dev/null -v ON_ERROR_STOP=1 -d template1 -f "$WORK/make.sql"
      done
    )
    """
  }

  /// What each loop over the databases begins with: the name is in the archive, whatever characters it has.
  private let name = #"PGDATABASE=$("$PGBIN/pg_restore" -l "$dump" | sed -n 's/^; *dbname: //p'); export PGDATABASE"#

  /// Two streams may set a sequence; the greater value is in `about.json`.
  private var rows: String {
    """
    (
      set -e
      for dump in "$WORK"/dump/*/schema.dump; do
        \(name)
        folder=${dump%/*}
        for data in "$folder"/data-*.sql; do
          "$PGBIN/psql" -X -q -1 -o /dev/null -v ON_ERROR_STOP=1 -f "$data"
        done
        /usr/bin/python3 - "$folder/about.json" >"$WORK/sequences.sql" <<'END'
    import json, sys
    def quoted(name, mark):
        name = name.encode() if isinstance(name, str) else bytes.fromhex(name["hex"])
        return mark + name.replace(mark, mark + mark) + mark
    for each in json.load(open(sys.argv[1], encoding="utf-8"))["sequences"]:
        name = quoted(each["schema"], b'"') + b"." + quoted(each["name"], b'"')
        name = quoted({"hex": name.hex()}, b"'")
        sys.stdout.buffer.write(b"SELECT setval(%s, %d, %s);\\n" % (name, each["value"], str(each["called"]).encode()))
    END
        "$PGBIN/psql" -X -q -o /dev/null -v ON_ERROR_STOP=1 -f "$WORK/sequences.sql"
      done
    )
    """
  }

  private var indexes: String {
    """
    (
      set -e
      for dump in "$WORK"/dump/*/schema.dump; do
        \(name)
        "$PGBIN/pg_restore" --section=post-data --no-tablespaces\(ownership) --exit-on-error -j "$(nproc)" -d '' "$dump"
      done
    )
    """
  }

  /// People and programs expect a database `postgres`.
  private var answer: String {
    """
    "$PGBIN/psql" -X -A -t -d template1 -c "SELECT 'ok' FROM pg_database WHERE datname = 'postgres'" | grep -qx ok ||
      "$PGBIN/createdb" --maintenance-db=template1 postgres
    "$PGBIN/psql" -X -d postgres -c "SELECT datname, pg_size_pretty(pg_database_size(oid)) FROM pg_database"
    """
  }
}
