import Bytes
import Profiles

/// What would keep a load from succeeding, found before anything is changed. It looks at values alone.
struct LoadExamination {
  private let state: TargetState
  private let tools: PostgreSQLVersion
  let request: LoadRequest
  private(set) var obstacles: [String] = []
  private(set) var notes: [String] = []

  init(_ state: TargetState, tools: PostgreSQLVersion, _ request: LoadRequest) {
    self.state = state
    self.tools = tools
    self.request = request
  }

  /// What concerns the server as a whole.
  mutating func checkServer(streams: Int) {
    if state.isStandby {
      obstacle("the target is a standby and takes no changes", "Name its primary, or promote it first.")
    }
    if state.isReadOnly {
      obstacle("the target is set to read only", "ALTER ROLE \(state.role) SET default_transaction_read_only = off.")
    }
    if !state.isDirect {
      obstacle("a pooler answers, not the server itself", "Give host and port of the server.")
    }
    if !state.createsDatabases, !request.dataOnly {
      obstacle("the role \(state.role) may not create databases", "ALTER ROLE \(state.role) CREATEDB.")
    }
    if state.freeSessions < streams + 2 {
      obstacle(
        "\(max(0, state.freeSessions)) sessions are free on the target, and \(streams + 2) are needed",
        "Free sessions, or load with fewer --jobs.")
    }
    if request.globals, !state.createsRoles {
      obstacle("the role \(state.role) may not create roles", "ALTER ROLE \(state.role) CREATEROLE.")
    }
  }

  /// What concerns one database.
  mutating func check(_ dumped: DumpedDatabase, as target: String) {
    let facts = dumped.facts
    if facts.server.version.major > state.version.major {
      obstacle(
        "the dump is of PostgreSQL \(facts.server.version.text), and the target has \(state.version.text)",
        "Restore into a server of version \(facts.server.version.major) or later: an older one does not understand it.")
    }
    checkTools(facts)
    checkExtensions(facts)
    if !request.dataOnly {
      checkRoles(facts)
      checkLocale(facts)
    }
    checkPlace(facts, target)
    notes += facts.losses.map { "not in the dump: \($0)" }
  }

  /// What earlier loads left: it is dropped, unless its maker may still be at work.
  mutating func checkLeftovers(of target: String) {
    for (name, database) in state.databases.sorted(by: { $0.key < $1.key }) {
      guard let mark = database.mark, mark.target == target else { continue }
      switch mark.maker {
      case .running:
        obstacle("another restore of \(target) is under way on this host (process \(mark.process))", "Wait for it.")
      case .elsewhere where database.sessions > 0:
        obstacle(
          "another restore of \(target) is under way (on \(mark.host.split(separator: " ").first ?? "another host"))",
          "Wait for it, or drop the database \(name).")
      case .elsewhere, .ended: notes.append("\(name) was left by a restore that did not end; it is dropped")
      }
    }
  }

  /// How much room it takes.
  mutating func checkSpace(_ dumped: [DumpedDatabase]) {
    // A database in use has room of its own inside; a fresh one with its indexes is about as large, and its log comes on
    // top.
    let size = dumped.reduce(0) { $0 + $1.facts.database.size }
    let needed = size + size / 5
    guard let free = state.freeBytes else {
      notes.append(
        "free space on the target: unknown; the databases had \(ByteCount(size).rounded) with their indexes")
      return
    }
    guard free < needed else {
      notes.append(
        "free space on the target: \(ByteCount(free).rounded), about \(ByteCount(needed).rounded) are needed")
      return
    }
    obstacle(
      "about \(ByteCount(needed).rounded) are needed on the target's disk, and \(ByteCount(free).rounded) are free",
      "Free space there.")
  }

  /// Something that only a look into a database shows.
  mutating func add(_ what: String, _ next: String) { obstacle(what, next) }

  mutating func note(_ text: String) { notes.append(text) }

  // MARK: - One database

  private mutating func checkTools(_ facts: PostgreSQLFacts) {
    guard LoadExamination.restricts(facts.tool), !LoadExamination.restricts(tools) else { return }
    obstacle(
      "psql \(tools.text) does not understand what pg_dump \(facts.tool.text) writes (\\restrict)",
      "Install the newest minor version of the client tools.")
  }

  /// Since these versions pg_dump begins a plain dump with `\restrict`, and psql knows it.
  static func restricts(_ version: PostgreSQLVersion) -> Bool {
    let first = [13: 22, 14: 19, 15: 14, 16: 10, 17: 6]
    if version.major >= 18 { return true }
    return first[version.major].map { version.number % 10_000 >= $0 } ?? false
  }

  private mutating func checkExtensions(_ facts: PostgreSQLFacts) {
    for wanted in facts.extensions {
      let name = Printable.text(wanted.name)
      guard let found = state.extensions[wanted.name] else {
        obstacle(
          "the extension \(name) \(Printable.text(wanted.version)) is not installed on the target",
          "Install its package on the target's host, for PostgreSQL \(state.version.major).")
        continue
      }
      if !found.isTrusted, !state.isSuperuser, name != "plpgsql" {
        obstacle("only a superuser can create the extension \(name)", "Load as a superuser.")
      }
      if found.version != wanted.version {
        notes.append(
          "the extension \(name) has version \(Printable.text(found.version)) on the target, the dump is of version "
            + Printable.text(wanted.version))
      }
    }
  }

  private mutating func checkRoles(_ facts: PostgreSQLFacts) {
    guard !request.noOwner, !request.globals else { return }
    let missing = facts.roles.filter { state.roles[$0] == nil }.map(Printable.text)
    if !missing.isEmpty {
      obstacle(
        "roles that own objects or have rights do not exist on the target: \(PostgreSQLExamination.list(missing))",
        "Create them, or restore with --with-globals, or with --no-owner.")
    }
    guard !state.isSuperuser else { return }
    let foreign = facts.roles.filter { state.roles[$0] == false }.map(Printable.text)
    if !foreign.isEmpty {
      obstacle(
        "the role \(state.role) is not a member of \(PostgreSQLExamination.list(foreign)) and can't give objects to them",
        "Load as a superuser, or GRANT these roles TO \(state.role), or restore with --no-owner.")
    }
  }

  private mutating func checkLocale(_ facts: PostgreSQLFacts) {
    let database = facts.database
    if database.localeProvider == "icu", !state.hasICU {
      obstacle("the target was built without ICU, which the database's locale needs", "Restore into another server.")
    }
    if database.localeProvider == "icu", state.version.major < 15 {
      obstacle("a database with an ICU locale needs PostgreSQL 15", "Restore into another server.")
    }
    if database.localeProvider == "builtin", state.version.major < 17 {
      obstacle("a database with a builtin locale needs PostgreSQL 17", "Restore into another server.")
    }
    for locale in Set([database.collate, database.ctype]).sorted() {
      guard !["C", "POSIX"].contains(locale), !state.locales.contains(TargetState.plain(locale)) else { continue }
      obstacle(
        "the target does not know the locale \(locale)",
        "Generate it on the target's host, then SELECT pg_import_system_collations('pg_catalog') there.")
    }
  }

  /// Whether the place is free, and is not the one that was backed up.
  private mutating func checkPlace(_ facts: PostgreSQLFacts, _ target: String) {
    let isSource = !state.systemIdentifier.isEmpty && facts.server.systemIdentifier == state.systemIdentifier
    if isSource, request.isDrill {
      obstacle("a drill never loads into the server that was backed up", "Name another server as its target.")
    }
    if facts.server.systemIdentifier.isEmpty || state.systemIdentifier.isEmpty {
      let unknown = "whether this is the server that was backed up: unknown"
      if request.ending != nil {
        obstacle(unknown, "Let both roles call pg_control_system(), or drill on a scratch server.")
      } else {
        notes.append(unknown)
      }
    }
    if request.isDrill, request.replaces != nil { obstacle("a drill never replaces a database", "Leave it out.") }
    let found = state.databases[target]
    if let replaces = request.replaces {
      if replaces != target {
        obstacle("--replace \(replaces) is not the database that is loaded, \(target)", "Spell out the same name.")
      } else if found == nil {
        notes.append("there is no database \(target) to be replaced")
      }
      return
    }
    guard request.table == nil, !request.dataOnly else {
      if found == nil { obstacle("there is no database \(target) on the target", "Restore the whole database.") }
      return
    }
    if let found, isSource, found.oid == facts.database.oid {
      obstacle(
        "\(target) is the very database that was backed up",
        "Restore beside it with --as NAME, or spell out --replace \(target).")
    }
  }

  private mutating func obstacle(_ what: String, _ next: String) {
    let text = "\(what). \(next)"
    if !obstacles.contains(text) { obstacles.append(text) }
  }
}
