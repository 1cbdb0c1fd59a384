import Bytes
import Profiles
import Testing

@Suite("A database as the source of a profile")
struct DatabaseSourceTests {
  private static func base(_ source: String) -> String {
    "component: a\nrepository: r\nsource:\n" + source.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  @Test("is read whole")
  func whole() throws {
    let profile = try Samples.profile(Samples.database)
    let server = ServerSettings(
      host: "db.example", port: 5433, user: "lifeboat", password: .credential("shop"), service: "shop",
      tls: TLSSettings(mode: .verifyFull, caFile: "profiles/ca.pem", certificate: "/c.pem", key: "/c.key"),
      tools: ToolSettings(
        folder: "/usr/lib/postgresql/15/bin", prefix: ["docker", "exec", "-i", "db"], account: "postgres"),
      connectTimeout: Seconds(5))
    #expect(
      profile.source
        == .postgresql(
          PostgreSQLSettings(
            server: server, databases: ["shop", "Wiki 2"], globals: false, checksums: false, jobs: 4,
            lockTimeout: Seconds(120))))
    #expect(profile.times == SourceTimes(stallTimeout: nil, timeout: Seconds(14_400)))
    #expect(
      profile.targets == [
        "standby": TargetSettings(
          kind: .postgresql,
          server: ServerSettings(host: "fe80::1%eth0", user: "admin", password: .environment("STANDBY"))),
        "cache": TargetSettings(kind: .redis, server: ServerSettings(socket: "profiles/redis.sock")),
      ])
  }

  @Test("needs only its kind; all else is left to its tools, or is a default that the effective profile shows")
  func defaults() throws {
    let bare = try Samples.profile(Self.base("kind: postgresql"))
    #expect(bare.source == .postgresql(PostgreSQLSettings()))
    #expect(bare.times == SourceTimes(stallTimeout: Seconds(900), timeout: nil))
    #expect(bare.gate == GateSettings())
    #expect(bare.targets.isEmpty && bare.hooks.isEmpty && bare.notify.isEmpty)
    #expect(bare.retention == nil && bare.schedule == nil)
    for (key, value) in [
      ("source.databases", "all"), ("source.globals", "true"), ("source.checksums", "true"),
      ("source.lock-timeout", "1m"), ("source.connect-timeout", "15s"), ("source.stall-timeout", "15m"),
      ("gate.size.shrink", "50%"), ("gate.size.grow", "300%"), ("gate.rows.shrink", "20%"), ("gate.rows.grow", "off"),
      ("gate.tables.vanish", "refuse"),
    ] {
      #expect(bare.description[key] == value, "\(key)")
      #expect(bare.description.entries.first { $0.key == key }?.origin == "default")
    }
    #expect(try Samples.profile(Self.base("kind: mariadb")).source == .mariadb(MariaDBSettings()))
    #expect(try Samples.profile(Self.base("kind: redis")).source == .redis(RedisSettings()))
  }

  @Test("of MariaDB and of Redis is read whole")
  func others() throws {
    let mariadb = """
      kind: mariadb
      databases: all
      exclude: scratch
      socket: /run/mysqld/mysqld.sock
      user: lifeboat
      password: {command: [pass, db]}
      option-file: my.cnf
      tools: /opt/mariadb/bin
      globals: false
      checksums: false
      lock-timeout: 5s
      """
    let server = ServerSettings(
      socket: "/run/mysqld/mysqld.sock", user: "lifeboat", password: .command(["pass", "db"]),
      optionFile: "profiles/my.cnf", tools: ToolSettings(folder: "/opt/mariadb/bin"))
    #expect(
      try Samples.profile(Self.base(mariadb)).source
        == .mariadb(
          MariaDBSettings(
            server: server, exclude: ["scratch"], globals: false, checksums: false, lockTimeout: Seconds(5))))
    let redis = "kind: redis\nhost: 10.0.0.1\nport: 6380\ntls: {mode: require}\ntools: {prefix: ssh -C cache.example}"
    #expect(
      try Samples.profile(Self.base(redis)).source
        == .redis(
          RedisSettings(
            server: ServerSettings(
              host: "10.0.0.1", port: 6380, tls: TLSSettings(mode: .require),
              tools: ToolSettings(prefix: ["ssh", "-C", "cache.example"])))))
  }

  @Test("that is called all is named in a list")
  func named() throws {
    let list = try Samples.profile(Self.base("kind: postgresql\ndatabases: [all]"))
    #expect(list.source == .postgresql(PostgreSQLSettings(databases: ["all"])))
    let one = try Samples.profile(Self.base("kind: postgresql\ndatabases: a=b"))
    #expect(one.source == .postgresql(PostgreSQLSettings(databases: ["a=b"])))
  }

  private static let reference = "{file: …}, {command: […]}, {environment: …} or {credential: …}"
  private static let noSecret = "a password doesn't stand in a profile; refer to it: \(reference)"
  private static let noURL = "a URL is not used here; write host, port and user, and password: \(reference)"

  private static let mistakes: [(String, [String])] = [
    ("kind: postgresql\npassword: hunter2", ["5:13: source.password: \(noSecret)"]),
    ("kind: redis\npassword: [hunter2]", ["5:13: source.password: \(noSecret)"]),
    ("kind: redis\npassword:", ["5:12: source.password: \(reference) is expected, this is nothing"]),
    (
      "kind: redis\npassword: {fil: hunter2}",
      [
        "5:13: source.password: exactly one of file, command, environment or credential is expected",
        "5:14: source.password.fil: unknown key; did you mean file?",
      ]
    ),
    (
      "kind: redis\npassword: {credential: ../x}",
      [#"5:26: source.password.credential: "../x" is not a name of letters, digits, '.', '_' and '-'"#]
    ),
    ("kind: postgresql\nhost: postgresql://me:hunter2@db/x", ["5:9: source.host: \(PasswordURL.refusal)"]),
    ("kind: postgresql\nhost: postgresql://db/x", ["5:9: source.host: \(noURL)"]),
    ("kind: postgresql\nhost: me@db", ["5:9: source.host: \(noURL)"]),
    ("kind: postgresql\nhost: /run/postgresql", ["5:9: source.host: this is a path; write it as socket"]),
    ("kind: mariadb\nhost: 'a,b'", [#"5:9: source.host: "a,b" is not a host's name or address"#]),
    (
      "kind: mariadb\nhost: -oProxyCommand=x",
      [#"5:9: source.host: "-oProxyCommand=x" is not a host's name or address"#]
    ),
    ("kind: redis\nhost: a\nsocket: /b", ["6:11: source.socket: host and socket exclude each other"]),
    ("kind: redis\nport: 65536", [#"5:9: source.port: "65536" is not a whole number from 1 to 65535"#]),
    (
      "kind: redis\nuser: \"a\\nb\"",
      [#"5:9: source.user: "a\nb" is not a user's name of at most 128 bytes on one line"#]
    ),
    (
      "kind: postgresql\nuser: a password=hunter2",
      ["5:9: source.user: a connection's address is not used here; only a user's name"]
    ),
    (
      "kind: postgresql\ndatabases: [a, host=x password=hunter2]",
      ["5:14: source.databases: a connection's address is not used here; only names of databases"]
    ),
    (
      "kind: postgresql\ndatabases: ['postgresql://me:hunter2@db/x']",
      ["5:15: source.databases[0]: \(PasswordURL.refusal)"]
    ),
    ("kind: postgresql\ndatabases: [a, b, a]", ["5:14: source.databases: a database stands here twice"]),
    (
      "kind: postgresql\ndatabases: []",
      ["5:14: source.databases: a list of databases, or all is expected, this is an empty list"]
    ),
    (
      "kind: postgresql\ndatabases: [a]\nexclude: [b]",
      ["6:12: source.exclude: only databases: all can leave some out"]
    ),
    (
      "kind: mariadb\nservice: x\nglobls: true\nuser: a",
      [
        "5:3: source.service: unknown key; valid here: kind, databases, exclude, host, port, socket, user, password, "
          + "option-file, tls, tools, connect-timeout, globals, checksums, lock-timeout, stall-timeout, timeout",
        "6:3: source.globls: unknown key; did you mean globals?",
      ]
    ),
    (
      "kind: redis\ndatabases: all\nconect-timeout: x",
      [
        "5:3: source.databases: unknown key; valid here: kind, host, port, socket, user, password, tls, tools, "
          + "connect-timeout, stall-timeout, timeout",
        "6:3: source.conect-timeout: unknown key; did you mean connect-timeout?",
      ]
    ),
    (
      "kind: postgresql\njobs: 0\nglobals: yes\nlock-timeout: 0s",
      [
        #"5:9: source.jobs: "0" is not a whole number from 1 to 64"#,
        #"6:12: source.globals: "yes" is not true or false"#,
        #"7:17: source.lock-timeout: "0s" is not a span of time above zero such as 90s, 15m, 24h or 7d"#,
      ]
    ),
    (
      "kind: redis\nstall-timeout: never\ntimeout: 0s",
      [
        #"5:18: source.stall-timeout: "never" is not a span of time above zero such as 90s, 15m, 24h or 7d"#,
        #"6:12: source.timeout: "0s" is not a span of time above zero such as 90s, 15m, 24h or 7d"#,
      ]
    ),
    (
      "kind: redis\ntls: verify-full",
      [
        "5:8: source.tls: {mode: verify-full, ca-file: …} is expected, this is a single value"
      ]
    ),
    (
      "kind: redis\ntls: {mode: verify_full}",
      [
        #"5:15: source.tls.mode: "verify_full" is not known; did you mean verify-full?"#
      ]
    ),
    (
      "kind: redis\ntls: {mode: disable, ca-file: x}",
      [
        "5:33: source.tls.ca-file: mode is disable: nothing would use this"
      ]
    ),
    ("kind: redis\ntls: {certificate: x}", ["5:8: source.tls: certificate and key belong together"]),
    (
      "kind: redis\ntools: {folder: bin, prefix: [ssh, host]}",
      [
        "5:19: source.tools.folder: with a prefix the folder lies elsewhere: write its whole path"
      ]
    ),
    (
      "kind: redis\ntools: {prefix: docker exec db}",
      [
        "5:19: source.tools.prefix: docker exec needs -i, or the tools get no input"
      ]
    ),
    (
      "kind: redis\ntools: {prefix: [/usr/bin/podman, exec, -it, db]}",
      [
        "5:19: source.tools.prefix: a terminal (-t) would change the bytes of a dump; leave it out"
      ]
    ),
    (
      "kind: redis\ntools: {prefix: 'ssh \"a b\"'}",
      [
        #"5:19: source.tools.prefix: "ssh \"a b\"" is not a program and its arguments such as docker exec -i db"#
      ]
    ),
    (
      "kind: redis\ntools: {account: 'a b', prefx: x}",
      [
        #"5:20: source.tools.account: "a b" is not the name of an account"#,
        "5:27: source.tools.prefx: unknown key; did you mean prefix?",
      ]
    ),
  ]

  @Test("with a mistake is told with file, line, column and key, and with no password", arguments: mistakes)
  func told(text: String, expected: [String]) {
    let problems = Samples.problems(Self.base(text))
    #expect(problems == expected.map { "profiles/test.yaml:\($0)" })
    #expect(!problems.contains { $0.contains("hunter2") })
  }

  @Test(
    "takes prefixes that pass bytes on",
    arguments: ["docker exec -i db", "podman exec --interactive db", "kubectl exec -i pod --", "ssh -t host"])
  func prefixes(text: String) {
    #expect(Samples.problems(Self.base("kind: redis\ntools: {prefix: \(text)}")) == [])
  }
}

@Suite("The targets of a profile")
struct TargetTests {
  private static func base(_ targets: String, kind: String = "mariadb") -> String {
    "component: a\nrepository: r\nsource: {kind: \(kind)}\ntargets: \(targets)\n"
  }

  private static let mistakes: [(String, String, [String])] = [
    ("mariadb", "x", ["4:10: targets: a group of NAME: {host: …} is expected, this is a single value"]),
    ("mariadb", "{}", ["4:10: targets: at least one target is expected"]),
    (
      "mariadb", "{a: {}, source: {host: b}}",
      [
        "4:26: targets.source: the name source means the server that is dumped; choose another"
      ]
    ),
    ("mariadb", "{'A b': {}}", ["4:18: targets.A b: a target's name has 1 to 64 letters a-z, digits and -"]),
    (
      "mariadb", "{a: {service: x, databases: y}}",
      [
        "4:15: targets.a.service: unknown key; valid here: kind, host, port, socket, user, password, option-file, tls, "
          + "tools, connect-timeout",
        "4:27: targets.a.databases: unknown key; valid here: kind, host, port, socket, user, password, option-file, tls, "
          + "tools, connect-timeout",
      ]
    ),
    (
      "mariadb", "{a: {password: hunter2, kind: oracle}}",
      [
        #"4:40: targets.a.kind: "oracle" is not known; valid here: postgresql, mariadb, redis"#
      ]
    ),
    (
      "stdin", "{a: {host: b}}",
      [
        "4:14: targets.a.kind: missing; postgresql, mariadb or redis, as the source is no server, is expected"
      ]
    ),
  ]

  @Test("with a mistake are told with file, line, column and key", arguments: mistakes)
  func told(kind: String, text: String, expected: [String]) {
    #expect(Samples.problems(Self.base(text, kind: kind)) == expected.map { "profiles/test.yaml:\($0)" })
  }

  @Test("are of the source's kind unless they say otherwise")
  func kinds() throws {
    let own = try Samples.profile(Self.base("{a: {}, b: {kind: postgresql, service: x}}"))
    #expect(own.targets["a"] == TargetSettings(kind: .mariadb))
    #expect(own.targets["b"] == TargetSettings(kind: .postgresql, server: ServerSettings(service: "x")))
    #expect(own.description.entries.first { $0.key == "targets.a.kind" }?.origin == "default")
    let command = try Samples.profile(Self.base("{a: {kind: redis}}", kind: "stdin"))
    #expect(command.targets == ["a": TargetSettings(kind: .redis)])
  }
}

@Suite("A server that a person names")
struct NamedTargetTests {
  private let profile =
    "component: a\nrepository: r\nsource: {kind: mariadb, host: own}\ntargets: {standby: {host: b}}\n"

  @Test("is a target of the profile, or the source's own")
  func found() throws {
    let profile = try Samples.profile(profile)
    #expect(try profile.target("standby") == TargetSettings(kind: .mariadb, server: ServerSettings(host: "b")))
    #expect(try profile.target("source") == TargetSettings(kind: .mariadb, server: ServerSettings(host: "own")))
  }

  @Test("and is not known is a usage failure that says what there is, and repeats no address")
  func refused() throws {
    let profile = try Samples.profile(profile)
    #expect(
      throws: Failure(.usage, "profiles/test.yaml has no target standbi", at: "targets", next: "Did you mean standby?")
    ) {
      try profile.target("standbi")
    }
    let address = #expect(throws: Failure.self) { try profile.target("mysql://me:hunter2@db") }
    #expect(address?.code == .usage && address?.description.contains("hunter2") == false)
    #expect(address?.next.contains("targets: {NAME: {host: …, password: {file: …}}}") == true)
    let bare = try Samples.profile("component: a\nrepository: r\nsource: {kind: stdin}\n")
    #expect(throws: Failure.self) { try bare.target("source") }
    let none = #expect(throws: Failure.self) { try bare.target("standby") }
    #expect(none?.next == "Add it: targets: {standby: {host: …}}.")
  }
}

@Suite("A password in an address")
struct PasswordURLTests {
  @Test(
    "is found wherever it stands",
    arguments: [
      "postgresql://a:b@c/d", "x redis://:b@c", "mysql://a:b:c@d", "--dbname=postgres://u:p@[::1]:5/x",
      "http://a http://b:c@d", "://a:b@",
    ])
  func found(text: String) { #expect(PasswordURL.isIn(text)) }

  @Test(
    "is not seen where there is none",
    arguments: [
      "", "://", "https://a:80/b@c", "postgresql://a@b:5432/c", "git@host:path", "https://a:@b", "a:b@c",
      "s3://b/p:q@r",
      "http://a:1 b@c", "http://[::1]:80/",
    ])
  func notFound(text: String) { #expect(!PasswordURL.isIn(text)) }

  @Test("is refused in any value of a profile, and so is a literal password of a program")
  func refused() {
    for text in [
      "source: {kind: command, run: [pg_dump, 'postgresql://a:hunter2@b/c']}",
      "source: {kind: command, run: 'pg_dump postgresql://a:hunter2@b/c'}",
      "source: {kind: command, run: x, environment: {PGPASSWORD: hunter2}}",
      "source: {kind: command, run: x, environment: {DATABASE_URL: 'postgresql://a:hunter2@b/c'}}",
      "source: {kind: command, run: x, environment: {DATABASE_URL: 'postgresql://a:${P}@b/c'}}",
      "source: {kind: stdin}\nhooks: {after: [curl, 'https://a:hunter2@b']}",
    ] {
      let problems = Samples.problems("component: a\nrepository: r\n\(text)\n", ["P": "hunter2"])
      #expect(problems.count == 1 && problems.allSatisfy { $0.contains("refer to it") }, "\(text): \(problems)")
      #expect(!problems.contains { $0.contains("hunter2") })
    }
    let variable = "component: a\nrepository: r\nsource: {kind: command, run: x, environment: {PGPASSWORD: '${P}'}}\n"
    #expect(Samples.problems(variable, ["P": "x"]) == [])
  }
}
