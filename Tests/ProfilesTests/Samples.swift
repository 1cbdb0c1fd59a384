import Bytes
import Glibc
import Profiles

/// Files of the tests, and how they are read.
enum Samples {
  static let sqlite = """
    component: orders
    repository: /srv/lifeboat
    keys: {writer: writer.key, restorer: /etc/lifeboat/restorer.key}
    passphrase: {file: passphrase}
    source:
      kind: sqlite
      path: ../data/orders.db
      scratch: /var/tmp
      busy-timeout: 30s
    objectives: {rto: 15m, rpo: 24h}
    tuning: {compression: 6, threads: 4}

    """

  static let command = """
    component: ledger
    repository: /srv/lifeboat
    source:
      kind: command
      run: [pg_dump, --format=custom, "${DATABASE:-ledger}"]
      stream: ledger.dump
      marker: "-- PostgreSQL database dump complete"
      directory: /srv
      environment:
        PGHOST: db.example
        PGPASSWORD: {file: /etc/lifeboat/ledger.password}
        PGUSER: {environment: LEDGER_USER}
        TOKEN: {command: [pass, ledger]}
      engine: {name: postgresql, version: [pg_dump, --version]}
      expected-size: 10GiB

    """

  static let database = """
    component: shop
    repository: /srv/lifeboat
    source:
      kind: postgresql
      databases: [shop, "Wiki 2"]
      host: db.example
      port: 5433
      user: lifeboat
      password: {credential: shop}
      service: shop
      tls: {mode: verify-full, ca-file: ca.pem, certificate: /c.pem, key: /c.key}
      tools: {folder: /usr/lib/postgresql/15/bin, prefix: [docker, exec, -i, db], account: postgres}
      connect-timeout: 5s
      globals: false
      checksums: false
      jobs: 4
      lock-timeout: 2m
      stall-timeout: off
      timeout: 4h
    targets:
      standby: {host: "fe80::1%eth0", user: admin, password: {environment: STANDBY}}
      cache: {kind: redis, socket: redis.sock}
    gate:
      size: {shrink: off, grow: 50.5%}
      rows: off
      tables: {vanish: allow}
      ignore: ["shop.public.session_*"]
    hooks:
      before: [/bin/sync, -f]
      after: echo done ${DATABASE:-x}
      failed:
        - {run: [a, b], timeout: 30s, environment: {TOKEN: {file: token}, PLAIN: secret-in-the-file}}
        - run: c | d
      finally: {run: [e]}
    notify:
      - {on: failed, run: [mail]}
      - {on: [quarantined, recovered], run: mail 2, timeout: 1m}
    retention: {keep-last: 3, keep-daily: 7, keep-weekly: 5, keep-monthly: 12, keep-yearly: 2, keep-within: 2d}
    schedule: Mon..Fri,Sun  03:15

    """

  static let drill = """
    drill: orders-total-loss
    component: orders
    repository: /srv/lifeboat
    keys: {restorer: restorer.key}
    passphrase: {command: [pass, show, lifeboat]}
    select: {as-of: 2026-11-20T03:00:00Z}
    target: {kind: scratch-directory, folder: /var/tmp, keep: on-failure}
    checks:
      - integrity
      - manifest
      - sql: {name: invoices, query: "select count(*) from Invoice", expect: "412"}
      - sql: {name: tracks, database: orders.db, query: "select count(*) from Track", minimum: 3000, maximum: 4000.5}
      - sql: {query: "select max(InvoiceDate) from Invoice", fresher-than: 24h}
      - run: {name: smoke, command: [./smoke, --fast], looks-at-data: true, timeout: 5m}
      - run: {command: "test -s $LIFEBOAT_RESTORED/orders.db"}
    objectives: {rto: 5m, rpo: 24h}

    """

  /// A path of the current folder, as the effective profile shows it.
  static func here(_ path: String) -> String {
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }

  static func profile(_ text: String, _ variables: [String: String] = [:]) throws -> Profile {
    try Profile.parse(Array(text.utf8), file: "profiles/test.yaml") { variables[$0] }
  }

  static func drill(_ text: String) throws -> Drill {
    try Drill.parse(Array(text.utf8), file: "drills/test.yaml") { _ in nil }
  }

  /// The lines of the failure that reading the profile ends with; empty if it doesn't fail.
  static func problems(_ text: String, _ variables: [String: String] = [:]) -> [String] {
    lines { _ = try profile(text, variables) }
  }

  /// The same for a drill.
  static func drillProblems(_ text: String) -> [String] { lines { _ = try drill(text) } }

  private static func lines(_ body: () throws -> Void) -> [String] {
    do {
      try body()
      return []
    } catch let failure as Failure where failure.code == .profileInvalid {
      return failure.what.split(separator: "\n").map(String.init)
    } catch {
      return ["another error: \(error)"]
    }
  }
}

extension String {
  func replacing(_ old: String, with new: String) -> String {
    var result = ""
    var rest = self[...]
    while let range = rest.firstRange(of: old) {
      result += rest[..<range.lowerBound] + new
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}
